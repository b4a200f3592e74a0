"""Edge: writes to an object store behind the live path's back: nobody waits, nothing finished is lost without a count.

Theory of operation. `put` never blocks: the object is pending until the store has it. A few workers write; one that
fails waits a random time that doubles up to a cap, and tries again for ever. When more bytes are pending than allowed,
the oldest pending object is given up and counted. `close` waits a bounded time for what is pending.
"""

import asyncio
import random

import structlog

from origin import metrics
from origin.storage.contract import ObjectStore

LIMIT_BYTES = 256 << 20  # pending; four minutes of 8 Mbit/s
WORKERS = 4  # writes at once: the four renditions of a stream finish a segment together
RETRY_FIRST_S = 0.25
RETRY_CAP_S = 15.0
FLUSH_S = 5.0  # how long a node that shuts down waits for its store

_log = structlog.get_logger("origin.storage")


class WriteBehind:
    """See the module's theory of operation. Its tasks start with the first `put` and end with `close`."""

    __slots__ = (
        "_closed",
        "_idle",
        "_limit_bytes",
        "_pending",
        "_pending_bytes",
        "_queue",
        "_retry_first_s",
        "_store",
        "_workers",
        "_writing",
    )

    def __init__(
        self, store: ObjectStore, limit_bytes: int = LIMIT_BYTES, retry_first_s: float = RETRY_FIRST_S
    ) -> None:
        self._store = store
        self._limit_bytes = limit_bytes
        self._retry_first_s = retry_first_s
        self._pending: dict[str, bytes] = {}  # oldest first
        self._pending_bytes = 0
        self._writing: set[str] = set()
        self._queue: asyncio.Queue[str] = asyncio.Queue()
        self._idle = asyncio.Event()
        self._idle.set()
        self._workers: list[asyncio.Task[None]] = []
        self._closed = False

    @property
    def pending(self) -> tuple[int, int]:
        """What is not safe yet, as (objects, bytes)."""
        return len(self._pending), self._pending_bytes

    def put(self, key: str, data: bytes) -> None:
        """Have an object stored, some time; must be called on the event loop."""
        if self._closed:
            self._give_up(key, "the store is closed")
            return
        if not self._workers:
            loop = asyncio.get_running_loop()
            self._workers = [loop.create_task(self._work(), name=f"write-behind-{n}") for n in range(WORKERS)]
        self._remove(key)
        self._pending[key] = data
        self._pending_bytes += len(data)
        while self._pending_bytes > self._limit_bytes and (oldest := self._oldest_waiting()) is not None:
            self._remove(oldest)
            self._give_up(oldest, "too much is pending")
        self._idle.clear()
        self._queue.put_nowait(key)
        self._report()

    async def flush(self, seconds: float) -> bool:
        """Wait for everything that is pending, at most so long; False if something still is."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def close(self, seconds: float = FLUSH_S) -> None:
        """Take no more, wait at most so long for what is pending, stop."""
        self._closed = True
        if not await self.flush(seconds):
            for key in list(self._pending):
                self._give_up(key, "the node shut down before the store took it")
                self._remove(key)
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._report()

    async def _work(self) -> None:
        while True:
            key = await self._queue.get()
            if key in self._pending and key not in self._writing:
                self._writing.add(key)
                try:
                    await self._write(key)
                finally:
                    self._writing.discard(key)
            if not self._pending:
                self._idle.set()
            self._report()

    async def _write(self, key: str) -> None:
        """Write the newest bytes of a key, again and again until the store has them or they are given up."""
        attempt = 0
        while (data := self._pending.get(key)) is not None:
            try:
                await self._store.put(key, data)
            except Exception as error:  # noqa: BLE001  # whatever a store fails with, the next try may succeed
                metrics.STORE_FAILURES.inc()
                if attempt == 0:
                    _log.warning("write failed, will be tried again", key=key, why=repr(error))
                await asyncio.sleep(random.uniform(0, min(RETRY_CAP_S, self._retry_first_s * 2 ** min(attempt, 16))))  # noqa: S311  # jitter
                attempt += 1
                continue
            metrics.STORED.inc()
            if self._pending.get(key) is data:
                self._remove(key)

    def _oldest_waiting(self) -> str | None:
        return next((key for key in self._pending if key not in self._writing), None)

    def _remove(self, key: str) -> None:
        self._pending_bytes -= len(self._pending.pop(key, b""))

    def _give_up(self, key: str, why: str) -> None:
        metrics.STORE_LOST.inc()
        _log.error("object was not stored", key=key, why=why)

    def _report(self) -> None:
        metrics.STORE_PENDING.set(len(self._pending))
        metrics.STORE_PENDING_BYTES.set(self._pending_bytes)
