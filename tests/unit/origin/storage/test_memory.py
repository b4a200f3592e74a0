"""The store in memory, beyond what every store must do."""

import pytest

from origin.storage.contract import list_all
from origin.storage.errors import ObjectUnknown
from origin.storage.memory import MemoryStore
from support.manual_clock import ManualClock


async def test_memory_is_bounded_and_the_oldest_objects_make_room() -> None:
    store = MemoryStore(ManualClock(), limit_bytes=100)
    for n in range(20):
        await store.put(f"k{n:02}", bytes(10))
    assert [stored.key async for stored in list_all(store, "")] == [f"k{n:02}" for n in range(10, 20)]
    await store.put("large", bytes(101))
    assert [stored.key async for stored in list_all(store, "")] == []


async def test_an_object_has_the_time_it_was_stored_last() -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    await store.put("a", b"x")
    then_ns = clock.advance(5)
    await store.put("a", b"y")
    [stored] = (await store.list("")).objects
    assert stored.modified_ns == then_ns


async def test_a_closed_store_is_empty() -> None:
    store = MemoryStore(ManualClock())
    await store.put("a", b"x")
    await store.close()
    assert (await store.list("")).objects == ()


async def test_memory_can_always_be_used_and_what_is_not_there_is_unknown() -> None:
    store = MemoryStore(ManualClock())
    await store.check()
    await store.put("a", b"0123")
    assert await store.get("a", 1, 3) == b"12"
    await store.delete(["a", "b"])
    with pytest.raises(ObjectUnknown):
        await store.get("a")
