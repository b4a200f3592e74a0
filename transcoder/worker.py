"""Edge: the worker process: access units of one stream in on a socket, CMAF out over HTTP.

Threads: the main one runs an event loop that reads the socket and pushes; one decodes pictures; one per rung encodes;
one does the sound. Only bytes, numbers and pictures that change owner cross between them. Whatever fails ends the
process, and the supervisor starts another.
"""

import argparse
import asyncio
import contextlib
import ctypes
import os
import resource
import signal
import socket
import sys
import threading
from collections import deque
from dataclasses import replace
from functools import partial

import structlog

from infra.clock import SystemClock
from infra.errors import Broken
from infra.ids import RenditionName
from infra.log import configure_logging
from infra.profiles import PROFILES
from infra.settings import Profile
from infra.stage_times import CodedPart, Placed
from transcoder.access_unit import AccessUnit, AccessUnitReader, Track
from transcoder.ladder import choose_ladder
from transcoder.messages import Job, KeyframeWanted, Message, PartLeft, WorkerStats, parse_job, print_message
from transcoder.picture_thread import PictureThread, Renditions
from transcoder.publisher import Publisher
from transcoder.push_target import PushTarget
from transcoder.rung_thread import RungPlan, RungThread
from transcoder.scaler import Scaler
from transcoder.segmenter import Schedule
from transcoder.sound_thread import SoundThread
from transcoder.timeline import Timeline

AUDIO = RenditionName("audio")
READ_BYTES = 1 << 18
STATS_INTERVAL_S = 1.0
SOUND_ALONE_AFTER_NS = 2_000_000_000  # a publisher that announced video and sends none is heard all the same
SOUND_DESPITE_VIDEO_NS = 10_000_000_000  # and so is one whose video cannot be decoded
MAX_PLACED = 120  # pictures whose times wait for the next part to leave
_PR_SET_PDEATHSIG = 1

_log = structlog.get_logger("transcoder.worker")


class Worker:
    """Wires the threads of one session together; lives on the event loop."""

    def __init__(self, job: Job, connection: socket.socket) -> None:
        self._job = job
        self._connection = connection
        self._log = _log.bind(stream=job.stream, session=job.session)
        self._clock = SystemClock(job.clock_anchor_ns)
        self._timeline = Timeline(job.epoch_ns, job.frame_rate)
        self._loop = asyncio.get_running_loop()
        self._publisher: Publisher | None = None
        self._anchored = threading.Lock()
        self._schedule: Schedule | None = None
        self._lost = 0
        self._first_sound_ns: int | None = None
        self._video_seen = False
        self._placed: deque[Placed] = deque(maxlen=MAX_PLACED)
        self._pictures = PictureThread(
            self._clock, self._timeline, self._announce, self._want_keyframe, self._placed.append, self._fail
        )
        self._sound = SoundThread(self._clock, self._timeline, partial(self._emit, AUDIO), self._fail)

    async def run(self) -> None:
        """Transcode until the access units end, then flush and end the pushes.

        Raises:
            TranscoderError: the session cannot go on in this process.
        """
        self._pictures.start()
        self._sound.start()
        async with Publisher(
            PushTarget(self._job.base_url, self._job.token), self._job.stream, self._job.session
        ) as publisher:
            self._publisher = publisher
            reading = asyncio.create_task(self._read(), name="read")
            reporting = asyncio.create_task(self._report(), name="report")
            try:
                await asyncio.wait([reading, publisher.failed], return_when=asyncio.FIRST_COMPLETED)
                if publisher.failed.done():
                    publisher.failed.result()
                await reading
                await asyncio.to_thread(self._finish_threads)
                await asyncio.sleep(0)  # what the threads emitted last is put before the bodies are ended
                await publisher.finish()
            finally:
                reading.cancel()
                reporting.cancel()
                await asyncio.gather(reading, reporting, return_exceptions=True)

    def _finish_threads(self) -> None:
        self._pictures.finish()
        self._sound.finish()

    async def _read(self) -> None:
        reader = AccessUnitReader()
        while data := await self._loop.sock_recv(self._connection, READ_BYTES):
            for unit in reader.feed(data):
                self._route(unit)

    def _route(self, unit: AccessUnit) -> None:
        if unit.track is Track.VIDEO:
            self._video_seen = True
            taken = self._pictures.put(unit) if self._job.video else True
        else:
            taken = self._sound.put(unit) if self._job.audio else True
            self._begin_with_sound_alone(unit)
        self._lost += not taken

    def _begin_with_sound_alone(self, unit: AccessUnit) -> None:
        if self._first_sound_ns is None:
            self._first_sound_ns = unit.capture_ns
        alone_ns = unit.capture_ns - self._first_sound_ns  # by its capture: a worker that lags sees it all at once
        patience_ns = SOUND_DESPITE_VIDEO_NS if self._video_seen else SOUND_ALONE_AFTER_NS
        if self._schedule is None and (not self._job.video or alone_ns >= patience_ns):
            self._anchor(self._timeline.nearest_index(unit.capture_ns))

    def _anchor(self, index: int) -> Schedule | None:
        """Fix the schedule, once; called by the picture thread or the event loop, whichever is first."""
        with self._anchored:
            if self._schedule is not None:
                return None
            profile = PROFILES[Profile(self._job.profile)]
            self._schedule = Schedule.of_profile(profile, self._job.frame_rate, index)
        if self._job.audio:
            self._sound.anchor(self._schedule)
        return self._schedule

    def _announce(self, width: int, height: int, index: int) -> Renditions | None:
        ladder = choose_ladder(width, height, self._job.frame_rate, self._job.max_rungs)
        if self._schedule is None and self._publisher is not None:
            names = [rung.name for rung in ladder] + ([AUDIO] if self._job.audio else [])
            self._loop.call_soon_threadsafe(self._publisher.expect, names)
        schedule = self._anchor(index)
        if schedule is None:
            self._log.warning("video came after the session had begun without it; it is left out")
            return None
        self._log.info("ladder chosen", source=f"{width}x{height}", rungs=[rung.name for rung in ladder])
        rungs = []
        for rung in ladder:
            plan = RungPlan(rung, self._job.preset, self._timeline, schedule, self._clock)
            thread = RungThread(plan, partial(self._emit, rung.name), self._fail)
            thread.start()
            rungs.append(thread)
        return Renditions(rungs, Scaler(ladder), schedule)

    def _emit(self, rendition: RenditionName, data: bytes, part: CodedPart | None = None) -> None:
        """Called by the threads."""
        self._loop.call_soon_threadsafe(self._push, rendition, data, part)

    def _push(self, rendition: RenditionName, data: bytes, part: CodedPart | None) -> None:
        assert self._publisher is not None
        self._publisher.put(rendition, data)
        if part is not None:
            placed = tuple(self._placed.popleft() for _ in range(len(self._placed)))
            self._tell(PartLeft(replace(part, pushed_ns=self._clock.now_ns()), placed))

    def _want_keyframe(self) -> None:
        """Called by the picture thread."""
        self._loop.call_soon_threadsafe(self._tell, KeyframeWanted())

    def _fail(self, error: BaseException) -> None:
        """Called by the threads."""
        assert self._publisher is not None
        self._loop.call_soon_threadsafe(self._publisher.fail, error)

    def _tell(self, message: Message) -> None:
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            self._connection.send(print_message(message))  # short; when even that finds no room, nobody listens

    async def _report(self) -> None:
        while True:
            await asyncio.sleep(STATS_INTERVAL_S)
            self._tell(self._stats())

    def _stats(self) -> WorkerStats:
        counts = self._pictures.counts
        usage = resource.getrusage(resource.RUSAGE_SELF)
        coded_ns = self._pictures.coded_capture_ns()
        return WorkerStats(
            decoded=counts.decoded,
            dropped=counts.dropped,
            repeated=counts.repeated,
            skipped=counts.skipped,
            shed=self._pictures.shed(),
            lost=self._lost,
            width=counts.width,
            height=counts.height,
            lag_ms=0 if coded_ns is None else max(0, self._clock.now_ns() - coded_ns) // 1_000_000,
            cpu_ms=int(1000 * (usage.ru_utime + usage.ru_stime)),
        )


def _die_with(node: int) -> None:
    """The kernel ends this process when the node's is gone, however it went; 1 is a node in a container."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != node:  # it went before the kernel was told
        sys.exit(1)


def main() -> int:
    """Run one worker; the job is on standard input, the socket is an inherited descriptor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fd", type=int, required=True, help="socket to the node")
    parser.add_argument("--node", type=int, required=True, help="process id of the node")
    arguments = parser.parse_args()
    _die_with(arguments.node)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the node's to handle
    job = parse_job(sys.stdin.buffer.read())
    configure_logging(job.log_format, job.log_level)
    structlog.contextvars.bind_contextvars(stream=job.stream, session=job.session)
    connection = socket.socket(fileno=arguments.fd)
    connection.setblocking(False)

    async def run() -> None:
        await Worker(job, connection).run()

    try:
        asyncio.run(run())
    except Exception as error:  # noqa: BLE001  # said once, in one line with its kind; the exit code tells the supervisor
        _log.error("worker failed", kind=type(error).__name__, why=str(error), exc_info=not isinstance(error, Broken))
        sys.stderr.flush()
        os._exit(1)  # threads may hang in libav; nothing here is worth waiting for
    return 0


if __name__ == "__main__":
    sys.exit(main())
