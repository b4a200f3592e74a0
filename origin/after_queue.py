"""Edge: the durable queue of the work after sessions: huey on an SQLite file, each job in a process of its own.

Theory of operation. Two things are in the file. The *ledger* has a job for each session with work to do, also for what
was given up; a job leaves it when it is done. huey's queue and schedule say when a job's turn is. huey forgets a task
when it begins, so on start every job of the ledger that huey does not know is queued again: what a killed node was
working on, or was about to queue.

Threads: huey's worker runs one job at a time and waits for its process; huey's scheduler moves what is due; calls from
the event loop go through a thread of our own, because SQLite blocks.
"""

import asyncio
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Self, TypeVar

import structlog
from huey import SqliteHuey
from huey.consumer import Consumer

from infra.ids import SessionId, StreamName
from infra.settings import Settings
from origin import metrics
from origin.after_jobs import AfterJob, State, Task, parse_job, print_job
from origin.after_process import Order
from origin.errors import QueueRefused
from origin.storage.factory import queue_file

JOB_TIMEOUT_S = 4 * 3600.0  # ten hours of 10 Mbit/s from a slow bucket take one
POLL_S = 1.0  # how often an idle queue is looked at
STOP_S = 5.0  # threads end at once when their process is killed
_MAX_SAID_BYTES = 4096  # of what a process leaves on standard error

Result = TypeVar("Result")

_log = structlog.get_logger("origin.after")
logging.getLogger("huey").setLevel(logging.WARNING)  # it tells of every task; what matters is told here


class _InProcess(Consumer):  # type: ignore[misc]  # huey has no types
    """huey's consumer inside a program that minds its signals itself."""

    def _set_signal_handlers(self) -> None:
        pass


class AfterQueue:
    """See the module's theory of operation. The constructor blocks, so `open` makes one in a thread.

    Args:
        settings: of the node; each process gets them.

    Raises:
        QueueRefused: the file cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = (
            settings.without_secrets()
        )  # they go to another process; the store's own are in the environment
        self._path = queue_file(settings, os.environ)
        self._calls = ThreadPoolExecutor(1, thread_name_prefix="after-queue")
        self._lock = threading.Lock()  # of what is read and written in one go
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._huey = SqliteHuey(settings.storage, filename=str(self._path), results=False, fsync=True)
            self._turn = self._huey.task(name="turn")(self._run)
            self._queue_what_is_left()
        except (OSError, sqlite3.Error) as error:
            raise QueueRefused(f"queue file {str(self._path)!r} refused: {error}") from error
        self._consumer = _InProcess(self._huey, workers=1, periodic=False, max_delay=POLL_S)
        self._consumer.start()

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Open the file, queue again what was left undone, begin to work.

        Raises:
            QueueRefused: the file cannot be used.
        """
        return await asyncio.to_thread(cls, settings)

    async def close(self) -> None:
        """Stop at once: what is being worked on is begun again at the next start."""
        self._stopping.set()
        self._consumer.stop()
        await self._call(self._stop)
        await asyncio.to_thread(self._calls.shutdown)

    async def add(self, stream: StreamName, session: SessionId, task: Task = Task.MAKE) -> None:
        """Have a job done, some time; it is safe in the file when this returns.

        The same job that waits, or is worked on, stays; any other one of the session is replaced.
        """
        await self._call(partial(self._add, AfterJob(stream, session, task)))

    async def jobs(self) -> list[AfterJob]:
        """All jobs that are not done."""
        return await self._call(self._ledger)

    async def _call(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._calls, call)

    # In threads

    def _stop(self) -> None:
        with self._lock:
            if self._child is not None:
                self._child.kill()
        for thread in (*(thread for _, thread in self._consumer.worker_threads), self._consumer.scheduler):
            thread.join(STOP_S)
        self._huey.storage.close()

    def _add(self, job: AfterJob) -> None:
        with self._lock:
            found = self._find(job.stream, job.session)
            if found is not None and found.task is job.task and found.state is not State.FAILED:
                return
            self._write(job)
            self._turn(job.stream, job.session)
        self._ledger()

    def _run(self, stream: StreamName, session: SessionId) -> None:
        """The turn of a session's job; huey calls it in its worker thread."""
        with self._lock:
            job = self._find(stream, session)
            if job is None or job.state is State.FAILED or self._stopping.is_set():
                return
            job = job.begun()
            self._write(job)
        began_s = time.monotonic()
        why = self._perform(job)
        metrics.AFTER_SECONDS.labels(job.task.value).observe(time.monotonic() - began_s)
        with self._lock:
            found = self._find(stream, session)
            if self._stopping.is_set() or found is None or found.task is not job.task:
                return  # it is begun again at the next start, or another one has taken its place
            self._conclude(job, why)
        self._ledger()

    def _conclude(self, job: AfterJob, why: str | None) -> None:
        log = _log.bind(stream=job.stream, session=job.session, task=job.task.value)
        if why is None:
            self._huey.storage.pop_data(_row(job.stream, job.session))
            metrics.AFTER_JOBS.labels(job.task.value, "done").inc()
            log.info("work after a session done")
            return
        job = job.failed(why)
        self._write(job)
        if job.state is State.FAILED:
            metrics.AFTER_JOBS.labels(job.task.value, "given up").inc()
            log.error("work after a session given up", why=why, attempts=job.attempts)
            return
        metrics.AFTER_JOBS.labels(job.task.value, "failed").inc()
        log.warning("work after a session failed, will be tried again", why=why, delay_s=job.retry_delay_s)
        self._turn.schedule((job.stream, job.session), delay=job.retry_delay_s)

    def _perform(self, job: AfterJob) -> str | None:
        """Run a job in its process; why it failed, or None."""
        work = self._path.with_suffix(".work")
        order = Order(node_pid=os.getpid(), settings=self._settings, job=job, work=work)
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "origin.after_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as child:
            with self._lock:
                self._child = child
                if self._stopping.is_set():
                    child.kill()
            try:
                _, said = child.communicate(order.model_dump_json().encode(), JOB_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                return f"it took longer than {JOB_TIMEOUT_S:.0f} s"
            finally:
                with self._lock:
                    self._child = None
        return _why(child.returncode, said)

    # The ledger

    def _queue_what_is_left(self) -> None:
        """Every job of the ledger gets its turn, as a fresh one."""
        known = {task.args for task in (*self._huey.pending(), *self._huey.scheduled())}
        for job in self._ledger():
            self._write(job.fresh())
            if (job.stream, job.session) not in known:
                self._turn(job.stream, job.session)

    def _ledger(self) -> list[AfterJob]:
        jobs = [parse_job(bytes(row)) for row in self._huey.storage.result_items().values()]
        metrics.AFTER_WAITING.set(sum(job.state is not State.FAILED for job in jobs))
        return jobs

    def _find(self, stream: StreamName, session: SessionId) -> AfterJob | None:
        row = self._huey.storage.peek_data(_row(stream, session))
        return parse_job(bytes(row)) if isinstance(row, bytes) else None

    def _write(self, job: AfterJob) -> None:
        self._huey.storage.put_data(_row(job.stream, job.session), print_job(job))


def _row(stream: StreamName, session: SessionId) -> str:
    return f"{stream}/{session}"


def _why(returncode: int, said: bytes) -> str | None:
    """Why a process failed, from its exit code and its last line; None if it did not."""
    if returncode == 0:
        return None
    lines = said[-_MAX_SAID_BYTES:].decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    return last if returncode > 0 else f"its process died of signal {-returncode}: {last}"
