"""Edge: the thread of one video rendition: pictures in grid order to coded samples to parts."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from av.video.frame import VideoFrame

from infra.clock import Clock
from infra.stage_times import CodedPart
from transcoder.cmaf import video_init
from transcoder.encoders import PictureEncoder
from transcoder.ladder import Rung
from transcoder.packager import Packager
from transcoder.segmenter import Schedule
from transcoder.timeline import VIDEO_TIMESCALE, Timeline

QUEUE_SLOTS = 64  # shedding keeps it below 10; past this the picture thread waits


@dataclass(frozen=True, slots=True)
class Slot:
    """One grid slot.

    Attributes:
        index: on the grid; slots come in order, none is left out.
        picture: to show; ``None`` repeats the one before.
        skip: do not code it: the sample before lasts longer.
    """

    index: int
    picture: VideoFrame | None
    skip: bool


@dataclass(frozen=True, slots=True)
class RungPlan:
    """What a rung's thread needs to know.

    Attributes:
        rung: size and bit rate.
        preset: of libx264.
        timeline: of the session.
        schedule: where parts and segments begin.
        clock: of the node.
    """

    rung: Rung
    preset: str
    timeline: Timeline
    schedule: Schedule
    clock: Clock


Emit = Callable[[bytes, CodedPart | None], None]


class RungThread:
    """Owns its encoder. ``emit`` is called in this thread, with the init section first; ``fail`` with what ended it.

    With each part goes when its pictures were coded; only its ``pushed_ns`` is still to be filled in.
    """

    def __init__(self, plan: RungPlan, emit: Emit, fail: Callable[[BaseException], None]) -> None:
        self._plan = plan
        self._emit = emit
        self._fail = fail
        self._queue: queue.Queue[Slot | None] = queue.Queue(QUEUE_SLOTS)
        self._thread = threading.Thread(target=self._run, name=f"rung-{plan.rung.name}", daemon=True)
        self._last: VideoFrame | None = None
        self._coded: list[tuple[int, int]] = []  # pictures of the open part: grid instant, when coded
        self.coded_index = plan.schedule.anchor_index

    def start(self) -> None:
        """Open the encoder, emit the init section, wait for slots."""
        self._thread.start()

    def put(self, slot: Slot) -> None:
        """Hand over a slot; the picture is this thread's from now on."""
        self._queue.put(slot)

    def waiting(self) -> int:
        """How many slots wait to be coded."""
        return self._queue.qsize()

    def finish(self) -> None:
        """Code what waits, close the last part, end. Returns when the thread has ended."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._encode()
        except BaseException as error:  # noqa: BLE001  # whatever it was, the worker must end and be replaced
            self._fail(error)

    def _encode(self) -> None:
        plan = self._plan
        encoder = PictureEncoder(plan.rung, plan.timeline.frame_rate, plan.preset)
        rung = plan.rung
        self._emit(video_init(encoder.avcc, rung.width, rung.height, VIDEO_TIMESCALE, rung.bitrate_bps), None)
        packager = Packager(plan.timeline, VIDEO_TIMESCALE)
        while (slot := self._queue.get()) is not None:
            self._encode_slot(slot, encoder, packager)
        self._emit_part(packager.close_part(plan.timeline.index_ticks(self.coded_index), ends_segment=True))

    def _encode_slot(self, slot: Slot, encoder: PictureEncoder, packager: Packager) -> None:
        schedule, timeline = self._plan.schedule, self._plan.timeline
        self._last = slot.picture or self._last
        idr = schedule.opens_segment(slot.index)
        if self._last is not None and not slot.skip:
            ticks = timeline.index_ticks(slot.index)
            packager.add(ticks, encoder.encode(self._last, ticks, idr=idr), sync=idr)
            self._coded.append((timeline.index_capture_ns(slot.index), self._plan.clock.now_ns()))
        self.coded_index = slot.index + 1
        if schedule.opens_part(self.coded_index):
            end = timeline.index_ticks(self.coded_index)
            self._emit_part(packager.close_part(end, ends_segment=schedule.opens_segment(self.coded_index)))

    def _emit_part(self, data: bytes) -> None:
        if data:
            coded, self._coded = tuple(self._coded), []
            part = CodedPart(self._plan.rung.name, coded[0][0], self._plan.clock.now_ns(), 0, coded)
            self._emit(data, part)
