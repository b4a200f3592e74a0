"""Pure: an object store in memory, bounded: the oldest objects make room for new ones."""

from origin.storage.contract import ObjectUnknown, check_key

LIMIT_BYTES = 64 << 20  # the live windows hold what players ask for; this only bridges the moments after


class MemoryStore:
    """See `origin.storage.contract.ObjectStore`; all methods return at once."""

    __slots__ = ("_bytes", "_limit_bytes", "_objects")

    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._objects: dict[str, bytes] = {}  # oldest first
        self._bytes = 0

    async def put(self, key: str, data: bytes) -> None:
        """Store an object; the oldest ones are forgotten when there is no room, this one last."""
        await self.delete(check_key(key))
        self._objects[key] = data
        self._bytes += len(data)
        while self._bytes > self._limit_bytes:
            await self.delete(next(iter(self._objects)))

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of an object, or a range of them."""
        try:
            return self._objects[key][start:stop]
        except KeyError:
            raise ObjectUnknown(f"object {key[:80]!r} is not stored") from None

    async def list(self, prefix: str) -> list[str]:
        """All keys that start with a prefix, sorted."""
        return sorted(key for key in self._objects if key.startswith(prefix))

    async def delete(self, key: str) -> None:
        """Forget an object."""
        self._bytes -= len(self._objects.pop(key, b""))

    async def close(self) -> None:
        """Forget everything."""
        self._objects.clear()
        self._bytes = 0
