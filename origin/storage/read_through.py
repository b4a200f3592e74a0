"""Edge: what is not in memory any more, read from the store: each object once for all who ask, a few at a time.

Finished objects never change, so what was read is kept for the next who ask, as long as there is room.
"""

import asyncio
from collections import OrderedDict

from infra import errors
from origin.errors import HeldTooLong, OriginFull, ResourceGone
from origin.storage.contract import Readable

LIMIT_BYTES = 32 << 20  # kept; a minute of one rendition, which is what players that rewind ask for together
READS = 8  # at once
MAX_WAITING = 256  # different objects that are asked for at once
TIMEOUT_S = 5.0  # a player asks again; longer than that it stalls anyway


class ReadThrough:
    """See the module's docstring. All methods must be called on the event loop."""

    def __init__(self, store: Readable, limit_bytes: int = LIMIT_BYTES, timeout_s: float = TIMEOUT_S) -> None:
        self._store = store
        self._limit_bytes = limit_bytes
        self._timeout_s = timeout_s
        self._kept: OrderedDict[str, bytes] = OrderedDict()  # longest unasked first
        self._kept_bytes = 0
        self._reads: dict[str, asyncio.Task[bytes]] = {}
        self._turns = asyncio.Semaphore(READS)

    async def get(self, key: str, size_bytes: int) -> bytes:
        """An object of this length.

        Raises:
            ResourceGone: the store has none of this length.
            HeldTooLong: the store did not answer in time, or with an error.
            OriginFull: too many others are asked for.
        """
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        if key not in self._reads:
            if len(self._reads) >= MAX_WAITING:
                raise OriginFull(f"read refused: {MAX_WAITING} objects are asked for")
            read = self._reads[key] = asyncio.create_task(self._read(key, size_bytes), name=f"read of {key}")
            read.add_done_callback(_look_at)
        return await asyncio.shield(self._reads[key])

    async def close(self) -> None:
        """Stop all reads; who waits for one is cancelled with it."""
        reads = list(self._reads.values())
        for read in reads:
            read.cancel()
        await asyncio.gather(*reads, return_exceptions=True)

    async def _read(self, key: str, size_bytes: int) -> bytes:
        try:
            async with asyncio.timeout(self._timeout_s), self._turns:
                data = await self._store.get(key, 0, size_bytes + 1)
        except errors.NotFound as error:
            raise ResourceGone(f"{key} is not in the store") from error
        except Exception as error:  # whatever a store fails with, the next try may succeed
            raise HeldTooLong(f"{key} cannot be read from the store now") from error
        finally:
            del self._reads[key]
        if len(data) != size_bytes:
            raise ResourceGone(f"{key} is not whole in the store")
        self._keep(key, data)
        return data

    def _keep(self, key: str, data: bytes) -> None:
        self._kept[key] = data
        self._kept_bytes += len(data)
        while self._kept_bytes > self._limit_bytes:
            _, longest_unasked = self._kept.popitem(last=False)
            self._kept_bytes -= len(longest_unasked)


def _look_at(read: asyncio.Task[bytes]) -> None:
    """Whoever asked may have gone; a failed read is then nobody's concern."""
    if not read.cancelled():
        read.exception()
