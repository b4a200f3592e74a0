"""For every test: nothing blocks the event loop, no task or thread is left behind, hypothesis is modest."""

import asyncio
import inspect
import os
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
import structlog
from blockbuster import BlockBuster
from hypothesis import HealthCheck, settings

CODE = ["ingest", "transcoder", "origin", "player", "infra"]
ALLOWED_TO_BLOCK = {  # blockbuster's function: (file, functions that may), and why
    "io.BufferedReader.read": [("transcoder/worker.py", {"main"})],  # the job on stdin, before anything runs
    # the probe's client waits for a thread that is idle
    "threading.Lock.acquire": [("aiortc/rtcrtpreceiver.py", {"__stop_decoder"})],
}
THREAD_ENDS_WITHIN_S = 5.0

settings.register_profile("default", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("long", max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

structlog.configure(  # plain tracebacks: the pretty ones look at files on the event loop
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.KeyValueRenderer(key_order=["event"]),
    ]
)


@pytest.fixture(scope="session")
def blockbuster() -> BlockBuster:
    """Raises BlockingError when code of ours, called on an event loop, makes a call that can block."""
    buster = BlockBuster(CODE)
    for function, callers in ALLOWED_TO_BLOCK.items():
        for file, names in callers:
            buster.functions[function].can_block_in(file, names)
    return buster


@pytest.fixture(autouse=True)
def everything_is_left_as_it_was(request: pytest.FixtureRequest, blockbuster: BlockBuster) -> Iterator[None]:
    """Watches coroutine tests; end-to-end tests share one loop, so they cannot be watched one by one."""
    if not inspect.iscoroutinefunction(request.function) or request.node.get_closest_marker("e2e"):
        yield
        return
    request.getfixturevalue("no_task_is_left")
    before = set(threading.enumerate())
    blockbuster.activate()
    try:
        yield
    finally:
        blockbuster.deactivate()
    for thread in set(threading.enumerate()) - before:
        if not thread.name.startswith("asyncio_"):  # the loop's own pool ends with the loop
            thread.join(THREAD_ENDS_WITHIN_S)
            assert not thread.is_alive(), f"thread {thread.name} is left"


@pytest_asyncio.fixture
async def no_task_is_left() -> AsyncIterator[None]:
    """Set up before every other fixture and so torn down after them, just before the loop closes."""
    yield
    for _ in range(5):  # those that end now may do so
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"tasks are left: {[task.get_name() for task in left]}"
