"""Edge: reads from the store for viewers: equal ones at once are one, a few run together, none takes for ever."""

import asyncio
from collections.abc import Callable

from origin.errors import HeldTooLong, OriginFull
from origin.storage.contract import Readable
from origin.storage.errors import ObjectUnknown

READS = 8  # at once
MAX_WAITING = 256  # different reads that are asked for at once
TIMEOUT_S = 5.0  # a player asks again; longer than that it stalls anyway
_RETRY_AFTER_S = 2

_Span = tuple[str, int, int | None]


class SharedReads:
    """Reads of one store. All methods must be called on the event loop.

    Args:
        store: what is read from.
        at_once: how many reads run at once.
        max_waiting: how many different ones may be asked for at once.
        timeout_s: after which one is given up.
    """

    __slots__ = ("_max_waiting", "_running", "_store", "_timeout_s", "_turns")

    def __init__(
        self,
        store: Readable,
        at_once: int = READS,
        max_waiting: int = MAX_WAITING,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._store = store
        self._turns = asyncio.Semaphore(at_once)
        self._max_waiting = max_waiting
        self._timeout_s = timeout_s
        self._running: dict[_Span, asyncio.Task[bytes]] = {}

    async def read(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """As `Readable.get`. A read goes on when one of those who wait for it leaves.

        Raises:
            ObjectUnknown: nothing is stored under this key.
            HeldTooLong: the store does not answer in time, or with an error.
            OriginFull: too many others are asked for.
        """
        span = (key, start, stop)
        running = self._running.get(span)
        if running is None:
            if len(self._running) >= self._max_waiting:
                raise OriginFull(f"read refused: {self._max_waiting} objects are asked for", _RETRY_AFTER_S)
            running = asyncio.create_task(self._read(span), name=f"read of {key}")
            self._running[span] = running
            running.add_done_callback(self._forgetting(span))
        return await asyncio.shield(running)

    async def close(self) -> None:
        """Stop all reads; who waits for one is cancelled with it."""
        running = list(self._running.values())
        for read in running:
            read.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _read(self, span: _Span) -> bytes:
        try:
            async with asyncio.timeout(self._timeout_s), self._turns:
                return await self._store.get(*span)
        except ObjectUnknown:
            raise
        except Exception as error:  # whatever a store fails with, the next try may succeed
            raise HeldTooLong(f"{span[0]} cannot be read from the store now", _RETRY_AFTER_S) from error

    def _forgetting(self, span: _Span) -> Callable[[asyncio.Task[bytes]], None]:
        def forget(read: asyncio.Task[bytes]) -> None:
            del self._running[span]
            if not read.cancelled():
                read.exception()  # whoever asked may have gone; a failed read is then nobody's concern

        return forget
