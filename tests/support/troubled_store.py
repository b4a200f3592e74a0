"""A store that fails or hangs when it is told to, and a writer before it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from infra.clock import SystemClock
from origin.storage.contract import ObjectStore, list_all
from origin.storage.errors import StoreTroubled
from origin.storage.memory import MemoryStore
from origin.storage.pending import Room
from origin.storage.spill import SpillFolder
from origin.storage.write_behind import WriteBehind

CLOCK = SystemClock()
ROOM = Room(1000, 1000)


class Troubled(MemoryStore):
    """A store in memory that can be made to fail or to hang."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__(CLOCK)
        self.failures = failures
        self.broken: Exception | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.attempts = 0

    async def check(self) -> None:
        await self._trouble()

    async def put(self, key: str, data: bytes) -> None:
        self.attempts += 1
        await self._trouble()
        await super().put(key, data)

    async def delete(self, keys: Sequence[str]) -> None:
        await self._trouble()
        await super().delete(keys)

    async def _trouble(self) -> None:
        await self.open.wait()
        if self.broken is not None:
            raise self.broken
        if self.failures:
            self.failures -= 1
            raise StoreTroubled("no answer")


def behind(store: ObjectStore, spill: Path | None = None, room: Room | None = None) -> WriteBehind:
    """A writer before it, with a folder for what waits if one is given, that tries again at once."""
    room = room or Room(1000, 1000 if spill else 0)
    return WriteBehind(store, CLOCK, room, SpillFolder(spill) if spill else None, retry_first_s=0.001)


async def keys(store: ObjectStore) -> list[str]:
    """All that is stored."""
    return [stored.key async for stored in list_all(store, "")]
