"""Edge: the thread that decodes a stream's pictures once, puts them on the grid and hands them to the rungs."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from av.video.frame import VideoFrame

from infra.clock import Clock
from infra.stage_times import Placed
from transcoder.access_unit import AccessUnit
from transcoder.cadence import Cadence
from transcoder.decoder import PictureDecoder
from transcoder.lateness import Lateness
from transcoder.rung_thread import RungThread, Slot
from transcoder.scaler import Scaler
from transcoder.segmenter import Schedule
from transcoder.shedding import Shedding
from transcoder.timeline import Timeline

QUEUE_UNITS = 256  # access units waiting to be decoded; the node's feed is bounded too, in bytes
TICK_S = 0.02
KEYFRAME_RETRY_NS = 1_000_000_000


@dataclass
class PictureCounts:
    """Counted since the worker began; read from other threads."""

    decoded: int = 0
    dropped: int = 0
    repeated: int = 0
    skipped: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Renditions:
    """What the pictures are made into, decided when the first one is seen."""

    rungs: Sequence[RungThread]
    scaler: Scaler
    schedule: Schedule


class Announce(Protocol):
    """Decides the ladder by the first picture, and anchors the schedule at its index."""

    def __call__(self, width: int, height: int, index: int) -> Renditions | None:
        """Returns ``None`` when the session has already begun without pictures."""
        ...


class PictureThread:
    """Owns the decoder and the scaler; ``on_placed`` is told, in this thread, of pictures that found their slots."""

    def __init__(
        self,
        clock: Clock,
        timeline: Timeline,
        announce: Announce,
        want_keyframe: Callable[[], None],
        on_placed: Callable[[Placed], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._clock = clock
        self._timeline = timeline
        self._announce = announce
        self._want_keyframe = want_keyframe
        self._on_placed = on_placed
        self._fail = fail
        self._queue: queue.Queue[tuple[AccessUnit, int] | None] = queue.Queue(QUEUE_UNITS)  # with when it was read
        self._thread = threading.Thread(target=self._run, name="pictures", daemon=True)
        self._decoder = PictureDecoder()
        self._lateness = Lateness()
        self._keyframe_asked_ns = 0
        self._cadence: Cadence | None = None
        self._renditions: Renditions | None = None
        self._shedding: Shedding | None = None
        self.counts = PictureCounts()

    def start(self) -> None:
        """Wait for access units."""
        self._thread.start()

    def put(self, unit: AccessUnit) -> bool:
        """Hand over an access unit; False if it is lost because too many wait."""
        try:
            self._queue.put_nowait((unit, self._clock.now_ns()))
        except queue.Full:
            return False
        return True

    def waiting(self) -> int:
        """The longest queue on the way: access units, or slots of a rung."""
        rungs = self._renditions.rungs if self._renditions else ()
        return max([self._queue.qsize(), *(rung.waiting() for rung in rungs)])

    def shed(self) -> int:
        """How many rungs are reduced to one picture a part."""
        return self._shedding.shed if self._shedding else 0

    def coded_capture_ns(self) -> int | None:
        """Capture instant up to which every rung is coded."""
        if not self._renditions:
            return None
        return self._timeline.index_capture_ns(min(rung.coded_index for rung in self._renditions.rungs))

    def finish(self) -> None:
        """Decode what waits, then finish the rungs. Returns when all threads have ended."""
        self._queue.put(None)
        self._thread.join()
        if self._renditions:
            for rung in self._renditions.rungs:
                rung.finish()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  # whatever it was, the worker must end and be replaced
            self._fail(error)

    def _work(self) -> None:
        next_tick = time.monotonic() + TICK_S
        while True:
            try:
                waiting = self._queue.get(timeout=max(0.001, next_tick - time.monotonic()))
            except queue.Empty:
                next_tick = time.monotonic() + TICK_S
                self._fill_overdue()
                continue
            if waiting is None:
                return
            unit, received_ns = waiting
            for picture in self._decoder.decode(unit):
                self._place(picture, unit.capture_ns, received_ns)
            if self._decoder.lost:
                self._ask_for_keyframe()
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + TICK_S
                self._fill_overdue()

    def _ask_for_keyframe(self) -> None:
        now_ns = self._clock.now_ns()
        if now_ns - self._keyframe_asked_ns >= KEYFRAME_RETRY_NS:
            self._keyframe_asked_ns = now_ns
            self._want_keyframe()

    def _place(self, picture: VideoFrame, capture_ns: int, received_ns: int) -> None:
        if picture.pts is not None:
            capture_ns = picture.pts
        self.counts.decoded += 1
        self.counts.width, self.counts.height = picture.width, picture.height
        decoded_ns = self._clock.now_ns()
        self._lateness.observe(capture_ns, decoded_ns)
        if self._cadence is None:
            self._begin(picture, capture_ns)
        if self._cadence is None or self._renditions is None:
            return
        slots = self._cadence.place(capture_ns)
        if slots == 0:
            self.counts.dropped += 1
            return
        self._repeat(slots - 1, before=self._cadence.next_index - 1)
        index = self._cadence.next_index - 1
        opens_part = self._renditions.schedule.opens_part(index)
        if self._shedding is not None and self._shedding.hurries(self._queue.qsize(), opens_part=opens_part):
            self._fill(index, None, hurry=True)
        else:
            self._fill(index, self._renditions.scaler.scale(picture))
            grid_ns = self._timeline.index_capture_ns(index)
            self._on_placed(Placed(capture_ns, received_ns, decoded_ns, self._clock.now_ns(), grid_ns))

    def _begin(self, picture: VideoFrame, capture_ns: int) -> None:
        cadence = Cadence(self._timeline, capture_ns)
        self._renditions = self._announce(picture.width, picture.height, cadence.next_index)
        if self._renditions:
            self._cadence = cadence
            self._shedding = Shedding(len(self._renditions.rungs), self._clock.now_ns())

    def _fill_overdue(self) -> None:
        if self._cadence is not None:
            slots = self._cadence.overdue(self._lateness.due_ns(self._clock.now_ns()))
            self._repeat(slots, before=self._cadence.next_index)

    def _repeat(self, slots: int, *, before: int) -> None:
        self.counts.repeated += slots
        for index in range(before - slots, before):
            self._fill(index, None)

    def _fill(self, index: int, pictures: Sequence[VideoFrame] | None, *, hurry: bool = False) -> None:
        assert self._renditions is not None
        assert self._shedding is not None
        rungs = self._renditions.rungs
        opens_part = self._renditions.schedule.opens_part(index)
        queues = [rung.waiting() for rung in rungs]
        self._shedding.observe(max(*queues, self._queue.qsize()), self._clock.now_ns())
        for number, rung in enumerate(rungs):
            skip = hurry or self._shedding.skips(number, queues[number], opens_part=opens_part)
            self.counts.skipped += skip
            rung.put(Slot(index, pictures[number] if pictures else None, skip))
