"""Edge: an object store in memory, bounded: the oldest objects make room for new ones."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from infra.clock import Clock
from origin.storage.contract import PAGE_OBJECTS, Page, Stored, check_key, not_stored

LIMIT_BYTES = 64 << 20  # the live windows hold what players ask for; this only bridges the moments after


class MemoryStore:
    """See `origin.storage.contract.ObjectStore`; all methods but `put_file` return at once.

    Args:
        clock: tells when an object was stored.
        limit_bytes: what it holds at most.
    """

    __slots__ = ("_bytes", "_clock", "_limit_bytes", "_objects")

    def __init__(self, clock: Clock, limit_bytes: int = LIMIT_BYTES) -> None:
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._objects: dict[str, tuple[bytes, int]] = {}  # bytes and time of storing, oldest first
        self._bytes = 0

    async def check(self) -> None:
        """Memory can always be used."""

    async def put(self, key: str, data: bytes) -> None:
        """Store an object; the oldest ones are forgotten when there is no room, this one last."""
        self._forget(check_key(key))
        self._objects[key] = (data, self._clock.now_ns())
        self._bytes += len(data)
        while self._bytes > self._limit_bytes:
            self._forget(next(iter(self._objects)))

    async def put_file(self, key: str, path: Path) -> None:
        """Store a file's bytes."""
        await self.put(key, await asyncio.to_thread(path.read_bytes))

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of an object, or a range of them."""
        try:
            return self._objects[key][0][start:stop]
        except KeyError:
            raise not_stored(key) from None

    async def list(self, prefix: str, cursor: str = "", limit: int = PAGE_OBJECTS) -> Page:
        """The objects below a prefix, sorted by key; the cursor is the last key of the page before."""
        keys = sorted(key for key in self._objects if key.startswith(prefix) and key > cursor)
        found = tuple(Stored(key, len(self._objects[key][0]), self._objects[key][1]) for key in keys[:limit])
        return Page(found, found[-1].key if len(keys) > limit else "")

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget objects."""
        for key in keys:
            self._forget(check_key(key))

    async def close(self) -> None:
        """Forget everything."""
        self._objects.clear()
        self._bytes = 0

    def _forget(self, key: str) -> None:
        self._bytes -= len(self._objects.pop(key, (b"", 0))[0])
