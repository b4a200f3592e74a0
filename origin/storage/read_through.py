"""Edge: finished objects that are not in memory any more, read from the store and kept for the next who ask.

They never change, so what was read is kept as long as there is room.
"""

from collections import OrderedDict

from origin.errors import ResourceGone
from origin.storage.contract import Readable
from origin.storage.errors import ObjectUnknown
from origin.storage.shared_reads import MAX_WAITING, READS, TIMEOUT_S, SharedReads

LIMIT_BYTES = 32 << 20  # kept; a minute of one rendition, which is what players that rewind ask for together


class ReadThrough:
    """See the module's docstring. All methods must be called on the event loop."""

    def __init__(self, store: Readable, limit_bytes: int = LIMIT_BYTES, timeout_s: float = TIMEOUT_S) -> None:
        self._reads = SharedReads(store, READS, MAX_WAITING, timeout_s)
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()  # longest unasked first
        self._kept_bytes = 0

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
        try:
            data = await self._reads.read(key, 0, size_bytes + 1)
        except ObjectUnknown as error:
            raise ResourceGone(f"{key} is not in the store") from error
        if len(data) != size_bytes:
            raise ResourceGone(f"{key} is not whole in the store")
        self._keep(key, data)
        return data

    async def close(self) -> None:
        """Stop all reads; who waits for one is cancelled with it."""
        await self._reads.close()

    def _keep(self, key: str, data: bytes) -> None:
        if key in self._kept:  # by another one who waited for the same read
            return
        self._kept[key] = data
        self._kept_bytes += len(data)
        while self._kept_bytes > self._limit_bytes:
            _, longest_unasked = self._kept.popitem(last=False)
            self._kept_bytes -= len(longest_unasked)
