"""Writes behind the live path's back, with stores that fail, hang, or are slow."""

import asyncio

import pytest

from infra.clock import SystemClock
from origin.storage.contract import ObjectStore, list_all
from origin.storage.memory import MemoryStore
from origin.storage.write_behind import WriteBehind


class Troubled(MemoryStore):
    """A store that fails so many times, and is closed behind a gate."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__(SystemClock())
        self.failures = failures
        self.open = asyncio.Event()
        self.open.set()
        self.attempts = 0

    async def put(self, key: str, data: bytes) -> None:
        self.attempts += 1
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise OSError("no space left on device")
        await super().put(key, data)


async def keys(store: ObjectStore) -> list[str]:
    return [stored.key async for stored in list_all(store, "")]


async def test_everything_put_is_stored() -> None:
    store = Troubled()
    behind = WriteBehind(store)
    for n in range(20):
        behind.put(f"k{n}", bytes([n]))
    assert await behind.flush(5)
    assert behind.pending == (0, 0)
    assert len(await keys(store)) == 20
    await behind.close()


async def test_a_store_that_fails_is_tried_until_it_does_not() -> None:
    store = Troubled(failures=7)
    behind = WriteBehind(store, retry_first_s=0.001)
    behind.put("a", b"x")
    behind.put("b", b"y")
    assert await behind.flush(5)
    assert store.attempts == 9
    assert await keys(store) == ["a", "b"]
    await behind.close()


async def test_nobody_waits_for_a_store_that_hangs_and_what_is_pending_is_counted() -> None:
    store = Troubled()
    store.open.clear()
    behind = WriteBehind(store)
    for n in range(10):
        behind.put(f"k{n}", bytes(100))
    assert behind.pending == (10, 1000)
    assert not await behind.flush(0.01)
    store.open.set()
    assert await behind.flush(5)
    await behind.close()


async def test_when_too_much_is_pending_the_oldest_that_is_not_being_written_is_given_up() -> None:
    store = Troubled()
    store.open.clear()
    behind = WriteBehind(store, limit_bytes=1000)
    for n in range(8):
        behind.put(f"k{n}", bytes(100))
    await asyncio.sleep(0)  # the workers take k0 to k3
    for n in range(8, 14):
        behind.put(f"k{n}", bytes(100))
    assert behind.pending == (10, 1000)
    store.open.set()
    assert await behind.flush(5)
    assert await keys(store) == sorted(f"k{n}" for n in (0, 1, 2, 3, 8, 9, 10, 11, 12, 13))
    await behind.close()


async def test_a_key_put_again_ends_with_its_newest_bytes() -> None:
    store = Troubled()
    store.open.clear()
    behind = WriteBehind(store)
    behind.put("a", b"old")
    await asyncio.sleep(0)
    behind.put("a", b"new")
    store.open.set()
    assert await behind.flush(5)
    assert await store.get("a") == b"new"
    await behind.close()


async def test_closing_waits_a_bounded_time_and_takes_no_more() -> None:
    store = Troubled()
    store.open.clear()
    behind = WriteBehind(store)
    behind.put("a", b"x")
    await behind.close(0.01)
    assert behind.pending == (0, 0)
    behind.put("b", b"y")
    assert behind.pending == (0, 0)
    assert await keys(store) == []


async def test_closing_what_never_wrote_is_no_error() -> None:
    await WriteBehind(MemoryStore(SystemClock())).close()


@pytest.mark.parametrize("count", [1, 5])
async def test_no_task_is_left(count: int) -> None:
    before = asyncio.all_tasks()
    behind = WriteBehind(MemoryStore(SystemClock()))
    for n in range(count):
        behind.put(f"k{n}", b"x")
    await behind.close()
    assert asyncio.all_tasks() == before
