"""Objects are read once for all who ask, kept for the next, and nobody waits for ever."""

import asyncio

import pytest

from infra.clock import SystemClock
from origin.errors import HeldTooLong, OriginFull, ResourceGone
from origin.storage import read_through, shared_reads
from origin.storage.memory import MemoryStore
from origin.storage.read_through import ReadThrough
from support.eventually import eventually


class Slow(MemoryStore):
    """A store behind a gate that counts how often it is asked, and how many at once."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.open = asyncio.Event()
        self.open.set()
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.broken = False

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        self.asked.append(key)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
            if self.broken:
                raise OSError("the disk is gone")
            return await super().get(key, start, stop)
        finally:
            self.at_once -= 1


async def test_all_who_ask_at_once_share_one_read_and_the_next_need_none() -> None:
    store = Slow()
    await store.put("a", b"media")
    reader = ReadThrough(store)
    store.open.clear()
    waiting = [asyncio.create_task(reader.get("a", 5)) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    store.open.set()
    assert await asyncio.gather(*waiting[1:]) == [b"media"] * 19
    assert await reader.get("a", 5) == b"media"
    assert store.asked == ["a"]
    await reader.close()


async def test_what_was_asked_for_longest_ago_makes_room() -> None:
    store = Slow()
    for key in "abc":
        await store.put(key, bytes(10))
    reader = ReadThrough(store, limit_bytes=20)
    for key in "ababcab":
        await reader.get(key, 10)
    assert store.asked == ["a", "b", "c", "a", "b"]
    await reader.close()


async def test_few_are_read_at_once_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_through, "MAX_WAITING", 20)
    store = Slow()
    store.open.clear()
    reader = ReadThrough(store)
    for number in range(20):
        await store.put(f"k{number}", b"x")
    waiting = [asyncio.create_task(reader.get(f"k{number}", 1)) for number in range(20)]
    await asyncio.sleep(0)
    with pytest.raises(OriginFull, match="20 objects are asked for"):
        await reader.get("one too many", 1)
    await eventually(lambda: store.at_once == shared_reads.READS)
    store.open.set()
    assert await asyncio.gather(*waiting) == [b"x"] * 20
    assert store.most_at_once == shared_reads.READS
    await reader.close()


async def test_what_is_not_there_or_not_whole_is_gone() -> None:
    store = Slow()
    await store.put("short", b"12")
    await store.put("long", b"1234")
    reader = ReadThrough(store)
    for key in ("short", "long", "missing"):
        with pytest.raises(ResourceGone):
            await reader.get(key, 3)
    await reader.close()


async def test_a_store_that_hangs_or_fails_is_not_there_now_and_is_asked_again() -> None:
    store = Slow()
    await store.put("a", b"x")
    reader = ReadThrough(store, timeout_s=0.01)
    store.open.clear()
    with pytest.raises(HeldTooLong, match="cannot be read from the store now"):
        await reader.get("a", 1)
    store.open.set()
    store.broken = True
    with pytest.raises(HeldTooLong):
        await reader.get("a", 1)
    store.broken = False
    assert await reader.get("a", 1) == b"x"
    await reader.close()


async def test_closing_stops_what_is_read() -> None:
    store = Slow()
    store.open.clear()
    reader = ReadThrough(store)
    waiting = asyncio.create_task(reader.get("a", 1))
    await asyncio.sleep(0)
    await reader.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
