"""The queue of the work after sessions: real processes, a real file, deaths in the middle."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from infra.ids import SessionId, StreamName
from infra.settings import Settings
from origin.after_jobs import MAX_ATTEMPTS, AfterJob, State, Task
from origin.after_queue import AfterQueue
from origin.errors import QueueRefused
from origin.names import entry_key, mark_key
from origin.storage.filesystem import FolderStore
from support.kept_session import CAT, S1, keys_of, real_session

pytestmark = pytest.mark.timeout(240)
S2 = SessionId("s2")
PATIENCE_S = 100.0  # an interpreter that loads libav on a busy machine, and a retry


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(storage=f"file:{tmp_path / 'media'}", viewer_secret=SecretStr("none of its business"))


@pytest.fixture
async def store(settings: Settings) -> AsyncIterator[FolderStore]:
    """The store that the processes open too."""
    made = FolderStore(Path(settings.storage.removeprefix("file:")))
    yield made
    await made.close()


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[AfterQueue]:
    queue = await AfterQueue.open(settings)
    try:
        yield queue
    finally:
        await queue.close()


async def until(queue: AfterQueue, claim: Callable[[list[AfterJob]], bool]) -> list[AfterJob]:
    """Wait until a claim over the jobs holds."""
    async with asyncio.timeout(PATIENCE_S):
        while not claim(jobs := await queue.jobs()):
            await asyncio.sleep(0.02)
    return jobs


def nothing_left(jobs: list[AfterJob]) -> bool:
    return jobs == []


def counted(task: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("tandem_origin_after_jobs_total", {"task": task, "outcome": outcome}) or 0


async def test_a_finished_session_is_made_a_recording_and_the_job_forgotten(
    settings: Settings, store: FolderStore
) -> None:
    await real_session(4).store_in(store)
    done = counted("make", "done")
    async with running(settings) as queue:
        await queue.add(CAT, S1, Task.MAKE)
        await until(queue, nothing_left)
    assert await store.get(entry_key(CAT, S1))
    assert counted("make", "done") == done + 1
    assert not any(".after" in key for key in await keys_of(store))


async def test_a_removal_takes_the_place_of_what_waits(settings: Settings, store: FolderStore) -> None:
    await real_session(4).store_in(store)
    async with running(settings) as queue:
        await queue.add(CAT, S1, Task.MAKE)
        await queue.add(CAT, S1, Task.REMOVE)
        await queue.add(CAT, S1, Task.REMOVE)
        assert [job.task for job in await queue.jobs()] == [Task.REMOVE]
        await until(queue, nothing_left)
    assert await keys_of(store) == []


async def test_a_job_that_fails_waits_for_its_next_attempt_and_says_why(settings: Settings, store: FolderStore) -> None:
    await real_session(4, ended=False).store_in(store)
    async with running(settings) as queue:
        await queue.add(CAT, S1, Task.MAKE)
        (job,) = await until(queue, lambda jobs: jobs[0].attempts == 1)
        assert job.state is State.WAITING
        assert "JournalOpen: the session's journal has not ended yet" in job.why
        await real_session(4).store_in(store)
        await until(queue, nothing_left)


async def test_a_process_that_is_killed_fails_its_job_and_touches_nothing_else(
    settings: Settings, store: FolderStore
) -> None:
    await real_session(4).store_in(store)
    async with running(settings) as queue:
        before = set(children_of_all_threads())
        await queue.add(CAT, S1, Task.MAKE)
        async with asyncio.timeout(PATIENCE_S):
            while not (started := set(children_of_all_threads()) - before):
                await asyncio.sleep(0)
        os.kill(started.pop(), signal.SIGKILL)
        (job,) = await until(queue, lambda jobs: jobs[0].attempts == 1)
        assert job.why.startswith("its process died of signal 9")
        await until(queue, nothing_left)
    assert await store.get(entry_key(CAT, S1))


def children_of_all_threads() -> list[int]:
    """Child processes of this one, whichever thread started them."""
    threads = Path("/proc/self/task").iterdir()
    found: list[int] = []
    for thread in threads:
        try:
            found += map(int, (thread / "children").read_text().split())
        except (FileNotFoundError, ProcessLookupError):  # the thread has ended
            continue
    return found


async def test_what_a_node_was_working_on_is_done_after_its_restart(settings: Settings, store: FolderStore) -> None:
    await real_session(4).store_in(store)
    async with running(settings) as queue:
        await queue.add(CAT, S1, Task.MAKE)
        await until(queue, lambda jobs: jobs[0].state is State.WORKING)
    async with running(settings) as queue:
        await until(queue, nothing_left)
    assert await store.get(entry_key(CAT, S1))


async def test_what_was_never_queued_is_queued_at_the_start_and_what_was_given_up_is_tried_afresh(
    settings: Settings, store: FolderStore
) -> None:
    await real_session(4).store_in(store)
    await store.put(mark_key(StreamName("dog"), S1), b"unfinished")
    async with running(settings) as queue:
        waiting = AfterJob(CAT, S1, Task.MAKE)
        given_up = replace(waiting, stream=StreamName("dog"), state=State.FAILED, attempts=MAX_ATTEMPTS, why="x")
        for job in (waiting, given_up):
            await queue._call(partial(queue._write, job))
    async with running(settings) as queue:
        (job,) = await until(queue, lambda jobs: [job.attempts for job in jobs] == [1])
        assert (job.stream, job.state) == ("dog", State.WAITING)
    assert await store.get(entry_key(CAT, S1))


async def test_what_fails_too_often_is_given_up_and_stays_so_until_it_is_asked_for(
    settings: Settings, store: FolderStore
) -> None:
    given_up = counted("make", "given up")
    await store.put(mark_key(CAT, S1), b"unfinished")
    async with running(settings) as queue:
        tried = AfterJob(CAT, S1, Task.MAKE, attempts=MAX_ATTEMPTS - 1)
        await queue._call(lambda: queue._write(tried))
        await queue._call(lambda: queue._turn(CAT, S1))
        (job,) = await until(queue, lambda jobs: jobs[0].state is State.FAILED)
        assert job.attempts == MAX_ATTEMPTS
        assert counted("make", "given up") == given_up + 1
        await real_session(4).store_in(store)
        await queue.add(CAT, S1, Task.MAKE)
        await until(queue, nothing_left)
    assert await store.get(entry_key(CAT, S1))


async def test_a_file_that_cannot_be_used_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"this is no database, and long enough to be seen as none" * 100)
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(QueueRefused, match=r"queue file .* refused"):
            await AfterQueue.open(Settings(storage=f"file:{tmp_path}", queue=str(path)))
