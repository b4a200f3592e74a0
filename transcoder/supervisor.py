"""Edge: starts, feeds, watches and restarts workers, one process per stream.

A feed's worker that dies is replaced at once; the more often it dies, the later. The session's timeline goes on,
because each worker is given the same epoch. What arrives while there is no worker is lost: the next one starts with a
keyframe.

One worker more than needed is kept waiting for its job: starting the interpreter and loading libav takes most of a
second, which would be the larger part of the time from publishing to the first picture.
"""

import asyncio
import contextlib
import os
import socket
import sys
from asyncio.subprocess import PIPE
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import structlog

from infra.clock import NS_PER_S, Clock, SystemClock
from infra.ids import SessionId, StreamName
from infra.settings import Settings
from infra.stage_times import StageTimesOfStreams
from transcoder import metrics
from transcoder.access_unit import AccessUnit, Track, frame_access_unit
from transcoder.messages import Job, KeyframeWanted, Message, MessageReader, PartLeft, WorkerStats, print_job
from transcoder.push_target import PushTarget

MAX_WAITING_BYTES = 4 << 20  # of access units for a worker: some seconds of a high bit rate
BEGIN_TIMEOUT_S = 5.0
FINISH_TIMEOUT_S = 5.0
RESTART_DELAYS_S = (0.0, 0.5, 1.0, 2.0, 4.0)  # after the first, second ... death within `DEATH_WINDOW_S`
DEATH_WINDOW_S = 60
_ROOT = Path(__file__).parents[1]

_log = structlog.get_logger("transcoder.supervisor")


@dataclass(frozen=True, slots=True)
class _Worker:
    """A process that waits for its job, and our end of its socket."""

    process: asyncio.subprocess.Process
    connection: socket.socket

    @classmethod
    async def start(cls) -> Self:
        with contextlib.ExitStack() as opened:
            ours, theirs = map(opened.enter_context, socket.socketpair())
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "transcoder.worker"),
                *("--fd", str(theirs.fileno()), "--node", str(os.getpid())),
                stdin=PIPE,
                pass_fds=[theirs.fileno()],
                cwd=_ROOT,
            )
            opened.pop_all()
            theirs.close()
        return cls(process, ours)

    async def give(self, job: Job) -> None:
        stdin = self.process.stdin
        assert stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it died; its socket says so too
            stdin.write(print_job(job))
            await stdin.drain()
        stdin.close()

    async def dismiss(self) -> None:
        self.connection.close()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()


class _Workers:
    """Starts workers, one ahead of need."""

    def __init__(self) -> None:
        self._next: asyncio.Task[_Worker] | None = None

    def prepare(self) -> None:
        """Have a worker waiting from now on."""
        if self._next is None:
            self._next = asyncio.create_task(_Worker.start(), name="next worker")

    async def take(self) -> _Worker:
        """The waiting worker; one that has died meanwhile is passed over."""
        waiting, self._next = self._next, None
        worker = await (waiting or _Worker.start())
        if worker.process.returncode is not None:
            await worker.dismiss()
            worker = await _Worker.start()
        self.prepare()
        return worker

    async def close(self) -> None:
        """Send the waiting worker away."""
        if self._next is not None:
            waiting, self._next = self._next, None
            with contextlib.suppress(OSError):  # it could not be started
                await (await waiting).dismiss()


class Feed:
    """One session's way into its worker. ``push`` may be called from the event loop only; it never blocks."""

    def __init__(
        self,
        job: Job,
        clock: Clock,
        workers: "_Workers",
        on_keyframe_wanted: Callable[[], None],
        stage_times: StageTimesOfStreams,
        finish_timeout_s: float,
    ) -> None:
        self._job = job
        self._stage_times = stage_times
        self._finish_timeout_s = finish_timeout_s
        self._clock = clock
        self._workers = workers
        self._on_keyframe_wanted = on_keyframe_wanted
        self._log = _log.bind(stream=job.stream, session=job.session)
        self._writer: asyncio.StreamWriter | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._wait_for_key = True
        self._finishing = False
        self._stats = WorkerStats()
        self._deaths: deque[int] = deque(maxlen=len(RESTART_DELAYS_S))
        self._begun = asyncio.Event()
        self._owner = asyncio.create_task(self._supervise(), name=f"worker of {job.stream}")

    def push(self, unit: AccessUnit) -> None:
        """Hand an access unit to the worker; lost, and counted, when there is none or it does not keep up."""
        if self._finishing:
            return
        video = unit.track is Track.VIDEO
        if video and self._wait_for_key and not unit.key:
            return
        writer = self._writer
        if writer is None or writer.transport.get_write_buffer_size() > MAX_WAITING_BYTES:
            metrics.UNITS_LOST.labels(self._job.stream).inc()
            if video and not self._wait_for_key:
                self._wait_for_key = True
                self._on_keyframe_wanted()
            return
        if video:
            self._wait_for_key = False
        writer.write(frame_access_unit(unit))

    @property
    def finished(self) -> bool:
        """Its worker is gone and none will follow."""
        return self._owner.done()

    async def begun(self) -> None:
        """Wait until there is a worker to push to, or none will come; what is pushed before is lost."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BEGIN_TIMEOUT_S):
                await self._begun.wait()

    def stats(self) -> WorkerStats:
        """What the worker last said of itself."""
        return self._stats

    async def finish(self) -> None:
        """The broadcast is over: the worker flushes and ends the renditions; killed if it takes too long."""
        if self._finishing:
            return
        self._finishing = True
        if self._writer is not None and self._writer.can_write_eof():
            with contextlib.suppress(OSError):
                self._writer.write_eof()
        _, running = await asyncio.wait([self._owner], timeout=self._finish_timeout_s)
        if running:
            self._log.error("worker did not finish in time and is killed", timeout_s=self._finish_timeout_s)
            self._kill()
            self._owner.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._owner
        metrics.forget(self._job.stream)

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _supervise(self) -> None:
        try:
            while await self._run_worker():
                pass
        finally:
            self._begun.set()
            self._kill()

    async def _run_worker(self) -> bool:
        """Run one worker to its end; whether another one is to follow."""
        try:
            worker = await self._workers.take()
        except OSError as error:  # out of processes or memory, which may pass
            self._begun.set()
            return await self._may_restart(f"cannot be started: {error}")
        self._process = worker.process
        await worker.give(self._job)
        reader, writer = await asyncio.open_connection(sock=worker.connection)
        self._writer, self._wait_for_key = writer, True
        self._begun.set()
        if self._finishing and writer.can_write_eof():
            writer.write_eof()
        self._on_keyframe_wanted()
        try:
            await self._listen(reader)
            code = await worker.process.wait()
        finally:
            self._writer = None
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return not self._finishing and await self._may_restart(f"ended with code {code}")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        messages = MessageReader()
        with contextlib.suppress(ConnectionError):  # it died; a write that failed first is told to the reader too
            while data := await reader.read(65536):
                for message in messages.feed(data):
                    self._heed(message)

    def _heed(self, message: Message) -> None:
        match message:
            case KeyframeWanted():
                self._on_keyframe_wanted()
            case PartLeft(part, placed):
                times = self._stage_times.of(self._job.stream, self._job.session)
                if times is not None:
                    times.left(part, placed)
            case WorkerStats():
                self._stats = message
                self._publish_stats(message)

    def _publish_stats(self, stats: WorkerStats) -> None:
        stream = self._job.stream
        metrics.PICTURES_DECODED.labels(stream).set(stats.decoded)
        metrics.PICTURES_DROPPED.labels(stream).set(stats.dropped)
        metrics.PICTURES_REPEATED.labels(stream).set(stats.repeated)
        metrics.PICTURES_SKIPPED.labels(stream).set(stats.skipped)
        metrics.RUNGS_SHED.labels(stream).set(stats.shed)
        metrics.LAG_SECONDS.labels(stream).set(stats.lag_ms / 1000)
        metrics.CPU_SECONDS.labels(stream).set(stats.cpu_ms / 1000)

    async def _may_restart(self, why: str) -> bool:
        now_ns = self._clock.now_ns()
        recent = [death for death in self._deaths if now_ns - death < DEATH_WINDOW_S * NS_PER_S]
        if len(recent) == len(RESTART_DELAYS_S):
            self._log.error("worker died too often and is given up: no HLS for this session", why=why)
            return False
        self._deaths.append(now_ns)
        delay_s = RESTART_DELAYS_S[len(recent)]
        metrics.WORKER_RESTARTS.labels(self._job.stream).inc()
        self._log.warning("worker died and is replaced", why=why, delay_s=delay_s)
        await asyncio.sleep(delay_s)
        return not self._finishing


class Supervisor:
    """All workers of a node.

    Args:
        settings: of the encoders and the latency profile.
        clock: the node's.
        push: the origin.
        finish_timeout_s: how long a worker may flush before it is killed.
        stage_times: is told when pictures and parts pass.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        push: PushTarget,
        finish_timeout_s: float = FINISH_TIMEOUT_S,
        stage_times: StageTimesOfStreams | None = None,
    ) -> None:
        self._stage_times = stage_times or StageTimesOfStreams()
        self._finish_timeout_s = finish_timeout_s
        self._settings = settings
        self._clock = clock
        self._push = push
        self._workers = _Workers()
        self._feeds: set[Feed] = set()

    def prepare(self) -> None:
        """Have a worker waiting before the first session needs it."""
        self._workers.prepare()

    async def start(
        self,
        stream: StreamName,
        session: SessionId,
        on_keyframe_wanted: Callable[[], None],
        tracks: Collection[Track] = (Track.VIDEO, Track.AUDIO),
    ) -> Feed:
        """Start a worker for a session whose publisher announced these tracks, and return the way into it.

        It returns when the worker can be fed: the first keyframe must not be lost, for some publishers (FFmpeg) send
        the next one only seconds later, whatever they are asked.
        """
        self._feeds = {feed for feed in self._feeds if not feed.finished}
        job = self._job(stream, session, tracks)
        feed = Feed(job, self._clock, self._workers, on_keyframe_wanted, self._stage_times, self._finish_timeout_s)
        self._feeds.add(feed)
        await feed.begun()
        return feed

    async def close(self) -> None:
        """Finish all feeds and send the waiting worker away."""
        await asyncio.gather(*(feed.finish() for feed in self._feeds))
        await self._workers.close()

    def _job(self, stream: StreamName, session: SessionId, tracks: Collection[Track]) -> Job:
        settings = self._settings
        anchor_ns = self._clock.anchor_ns if isinstance(self._clock, SystemClock) else SystemClock().anchor_ns
        return Job(
            stream=stream,
            session=session,
            base_url=self._push.base_url,
            token=self._push.token,
            epoch_ns=self._clock.now_ns(),
            clock_anchor_ns=anchor_ns,
            profile=settings.profile.value,
            frame_rate=settings.frame_rate,
            max_rungs=settings.max_rungs,
            preset=settings.preset,
            video=Track.VIDEO in tracks,
            audio=Track.AUDIO in tracks,
            log_format=settings.log_format,
            log_level=settings.log_level,
        )
