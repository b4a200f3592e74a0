"""Edge: the one owner of all tasks of a part of the program: a TaskGroup that lives from `start` to `close`."""

import asyncio
from collections.abc import Coroutine

import structlog

_log = structlog.get_logger("tasks")


class TaskHost:
    """Runs coroutines until they end or the host closes; a failure is logged and stays with its task."""

    def __init__(self) -> None:
        self._group: asyncio.TaskGroup | None = None
        self._main: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()

    async def start(self) -> None:
        """Begin to take tasks."""
        ready = asyncio.Event()
        self._main = asyncio.create_task(self._run(ready), name="task host")
        await ready.wait()

    def spawn(self, work: Coroutine[object, object, None], name: str) -> asyncio.Task[None]:
        """Run the work.

        Raises:
            RuntimeError: the host has not started or is closed.
        """
        if self._group is None:
            work.close()
            raise RuntimeError("the task host is not running")
        task = self._group.create_task(self._guard(work, name), name=name)
        task.add_done_callback(lambda _: work.close())  # one that is cancelled before it begins never awaits it
        return task

    async def close(self, timeout_s: float) -> None:
        """Wait for the tasks, then cancel what is left."""
        if self._main is None:
            return
        self._stop.set()
        _, late = await asyncio.wait([self._main], timeout=timeout_s)
        for task in late:
            task.cancel()
        await asyncio.gather(self._main, return_exceptions=True)
        self._main = self._group = None

    async def _run(self, ready: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            ready.set()
            await self._stop.wait()

    async def _guard(self, work: Coroutine[object, object, None], name: str) -> None:
        try:
            await work
        except Exception:  # noqa: BLE001  one task's failure must not cancel its siblings
            _log.exception("task failed", task=name)
