"""Writes behind the live path's back, with stores that fail, hang, or are slow."""

import asyncio
from functools import partial
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from origin.storage.errors import KeyRefused, ObjectUnknown, StoreMisconfigured, StoreTroubled
from origin.storage.pending import Room
from origin.storage.write_behind import WriteBehind
from support.eventually import eventually
from support.manual_clock import ManualClock
from support.troubled_store import Troubled, behind, keys


async def test_everything_put_is_stored() -> None:
    store = Troubled()
    writer = behind(store)
    for n in range(20):
        writer.put(f"k{n}", bytes([n]))
    assert await writer.flush(5)
    assert writer.pending == (0, 0)
    assert len(await keys(store)) == 20
    await writer.close()


async def test_a_store_that_fails_is_tried_until_it_does_not() -> None:
    store = Troubled(failures=7)
    writer = behind(store)
    writer.put("a", b"x")
    writer.put("b", b"y")
    assert await writer.flush(5)
    assert store.attempts == 9
    assert await keys(store) == ["a", "b"]
    await writer.close()


async def test_an_object_that_is_refused_for_ever_does_not_stop_the_others() -> None:
    class Picky(Troubled):
        async def put(self, key: str, data: bytes) -> None:
            if key.startswith("bad"):
                raise RuntimeError("odd")
            await super().put(key, data)

    store = Picky()
    writer = behind(store)
    for n in range(6):
        writer.put(f"bad{n}", b"x")
    for n in range(6):
        writer.put(f"k{n}", b"x")
    await eventually(lambda: writer.pending == (6, 6))
    assert await keys(store) == [f"k{n}" for n in range(6)]
    await writer.close(0)


async def test_nobody_waits_for_a_store_that_hangs_and_what_waits_is_counted() -> None:
    store = Troubled()
    store.open.clear()
    clock = ManualClock()
    writer = WriteBehind(store, clock, Room(10_000))
    for n in range(10):
        writer.put(f"k{n}", bytes(100))
    clock.advance(7)
    assert writer.pending == (10, 1000)
    assert REGISTRY.get_sample_value("tandem_origin_store_pending_objects") == 10
    assert REGISTRY.get_sample_value("tandem_origin_store_pending_bytes") == 1000
    assert REGISTRY.get_sample_value("tandem_origin_store_pending_age_seconds") == 7
    assert not await writer.flush(0.01)
    store.open.set()
    assert await writer.flush(5)
    assert REGISTRY.get_sample_value("tandem_origin_store_pending_age_seconds") == 0
    await writer.close()


async def test_without_a_folder_the_oldest_that_is_not_being_written_is_given_up_when_memory_is_full() -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store)
    for n in range(8):
        writer.put(f"k{n}", bytes(100))
    await eventually(lambda: store.attempts == 4)  # the workers took k0 to k3
    with capture_logs() as logs:
        for n in range(8, 14):
            writer.put(f"k{n}", bytes(100))
    assert [entry["key"] for entry in logs] == ["k4", "k5", "k6", "k7"]
    assert writer.pending == (10, 1000)
    store.open.set()
    assert await writer.flush(5)
    assert await keys(store) == sorted(f"k{n}" for n in (0, 1, 2, 3, 8, 9, 10, 11, 12, 13))
    await writer.close()


async def test_a_key_put_again_ends_with_its_newest_bytes() -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store)
    writer.put("a", b"old")
    await eventually(lambda: store.attempts == 1)
    writer.put("a", b"new")
    store.open.set()
    assert await writer.flush(5)
    assert await store.get("a") == b"new"
    await writer.close()


async def test_what_is_no_key_is_refused_at_once() -> None:
    writer = behind(Troubled())
    with pytest.raises(KeyRefused):
        writer.put("../a", b"x")
    await writer.close()


# Told when it is safe


async def test_who_asks_is_told_when_the_store_has_it_and_not_before() -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store)
    told = asyncio.Event()
    writer.put("a", b"x", told.set)
    await eventually(lambda: store.attempts == 1)
    assert not told.is_set()
    store.open.set()
    await asyncio.wait_for(told.wait(), 5)
    assert await keys(store) == ["a"]
    await writer.close()


async def test_who_asks_later_is_told_too() -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store)
    pending, stored = asyncio.Event(), asyncio.Event()
    writer.put("a", b"x")
    writer.when_stored("a", pending.set)
    writer.when_stored("long stored", stored.set)
    await asyncio.wait_for(stored.wait(), 5)
    assert not pending.is_set()
    store.open.set()
    await asyncio.wait_for(pending.wait(), 5)
    await writer.close()


async def test_nobody_is_told_of_what_was_deleted_first() -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store)
    told: list[str] = []
    for key in ("a", "b", "c", "d", "e"):
        writer.put(key, b"x", lambda key=key: told.append(key))  # type: ignore[misc]
    await eventually(lambda: store.attempts == 4)
    deleting = asyncio.create_task(writer.delete(["a", "e"]))
    await eventually(lambda: writer.pending[0] == 3)
    store.open.set()
    await deleting
    assert await writer.flush(5)
    await eventually(lambda: told == ["b", "c", "d"])
    assert await keys(store) == ["b", "c", "d"]
    await writer.close()


async def test_what_waits_can_be_read_wherever_it_is(tmp_path: Path) -> None:
    store = Troubled()
    await store.put("stored", b"0123")
    store.broken = StoreTroubled("no answer")
    writer = behind(store, tmp_path)
    writer.put("a", b"4567")
    assert await writer.get("a", 1, 3) == b"56"
    await eventually(lambda: writer._ledger.disk_bytes == 4)
    assert await writer.get("a", 1, 3) == b"56"
    assert await writer.get("stored", 1) == b"123"
    with pytest.raises(ObjectUnknown):
        await writer.get("b")
    await writer.close()


# Beginning and end


async def test_a_mistake_of_the_operator_is_raised_at_the_start() -> None:
    store = Troubled()
    store.broken = StoreMisconfigured("no such bucket")
    writer = behind(store)
    with pytest.raises(StoreMisconfigured, match="no such bucket"):
        await writer.start()
    await writer.close()


async def test_a_store_that_cannot_be_reached_at_the_start_is_tried_until_it_can() -> None:
    store = Troubled()
    store.broken = StoreTroubled("no answer")
    writer = behind(store)
    assert writer.not_ready is None
    with capture_logs() as logs:
        await writer.start()
        assert writer.not_ready == "no answer"
        store.broken = StoreMisconfigured("no such bucket")
        await eventually(lambda: writer.not_ready == "no such bucket")
        store.broken = None
        await eventually(lambda: writer.not_ready is None)
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [
        ("warning", "the store is in trouble; what is finished waits"),
        ("error", "the store refuses what is finished; it waits"),
        ("info", "the store works again"),
    ]
    await writer.close()


async def test_no_new_media_should_come_while_half_of_the_room_is_full() -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store)
    writer.put("a", bytes(500))
    assert writer.not_ready is None
    writer.put("b", bytes(1))
    assert writer.not_ready == "the store does not keep up: 501 bytes wait for it"
    store.open.set()
    await writer.close()


async def test_a_closed_writer_takes_no_more_and_says_so() -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store)
    writer.put("a", b"x")
    with capture_logs() as logs:
        await writer.close(0.01)
        writer.put("b", b"y")
    assert [(entry["key"], entry["why"]) for entry in logs] == [
        ("a", "the node shut down before the store took it"),
        ("b", "the node is shutting down"),
    ]
    assert writer.pending == (0, 0)


async def test_closing_what_never_wrote_is_no_error() -> None:
    await behind(Troubled()).close()


@pytest.mark.parametrize("count", [1, 5])
async def test_no_task_is_left(tmp_path: Path, count: int) -> None:
    before = asyncio.all_tasks()
    writer = behind(Troubled(), tmp_path)
    await writer.start()
    for n in range(count):
        writer.put(f"k{n}", b"x")
    await writer.close()
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("steps", range(12))
async def test_a_flush_waits_for_what_is_put_because_something_is_stored_whenever_it_begins(steps: int) -> None:
    store = Troubled()
    writer = behind(store)

    def put_next(number: int) -> None:
        if number < 3:
            writer.put(f"cat/{number}", b"x", partial(put_next, number + 1))

    put_next(0)
    for _ in range(steps):
        await asyncio.sleep(0)
    assert await writer.flush(5)
    assert await keys(store) == ["cat/0", "cat/1", "cat/2"]
    await writer.close()
