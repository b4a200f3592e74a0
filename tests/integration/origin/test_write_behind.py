"""Writes behind the live path's back, with stores that fail, hang, or are slow, and a folder for what waits."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from infra.clock import SystemClock
from origin.storage.contract import ObjectStore, list_all
from origin.storage.errors import KeyRefused, ObjectUnknown, StoreMisconfigured, StoreTroubled
from origin.storage.memory import MemoryStore
from origin.storage.pending import Room
from origin.storage.spill import SpillFolder
from origin.storage.write_behind import WriteBehind
from support.eventually import eventually
from support.manual_clock import ManualClock
from support.spilled import spilled_keys

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
    room = room or Room(1000, 1000 if spill else 0)
    return WriteBehind(store, CLOCK, room, SpillFolder(spill) if spill else None, retry_first_s=0.001)


async def keys(store: ObjectStore) -> list[str]:
    return [stored.key async for stored in list_all(store, "")]


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


# Spilled


async def test_while_the_store_fails_everything_goes_to_the_folder_and_then_to_the_store(tmp_path: Path) -> None:
    store = Troubled()
    store.broken = StoreTroubled("no answer")
    writer = behind(store, tmp_path, Room(100_000, 100_000))
    told: list[int] = []
    for n in range(20):
        writer.put(f"k{n:02}", bytes([n]) * 10, lambda n=n: told.append(n))  # type: ignore[misc]
    await eventually(lambda: writer._ledger.disk_bytes == 200)  # a file is there a moment earlier
    assert REGISTRY.get_sample_value("tandem_origin_spilled_bytes") == 200
    assert len(spilled_keys(tmp_path)) == 20
    assert writer.pending == (20, 200)
    assert REGISTRY.get_sample_value("tandem_origin_store_trouble") == 1
    store.broken = None
    assert await writer.flush(10)
    await eventually(lambda: spilled_keys(tmp_path) == [] and len(told) == 20)
    assert await keys(store) == [f"k{n:02}" for n in range(20)]
    assert await store.get("k07") == bytes([7]) * 10
    assert REGISTRY.get_sample_value("tandem_origin_store_trouble") == 0
    await writer.close()


async def test_what_a_hanging_store_does_not_have_after_a_second_is_spilled(tmp_path: Path) -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store, tmp_path)
    for n in range(6):
        writer.put(f"k{n}", bytes(10))
    assert spilled_keys(tmp_path) == []
    await eventually(lambda: spilled_keys(tmp_path) == [f"k{n}" for n in range(6)])
    store.open.set()
    assert await writer.flush(5)
    await eventually(lambda: spilled_keys(tmp_path) == [])
    assert len(await keys(store)) == 6
    await writer.close()


async def test_the_oldest_is_spilled_at_once_when_half_of_the_memory_is_full(tmp_path: Path) -> None:
    store = Troubled()
    store.open.clear()
    writer = WriteBehind(store, ManualClock(), Room(2000, 2000), SpillFolder(tmp_path))
    for n in range(4):
        writer.put(f"busy{n}", bytes(100))
    await eventually(lambda: store.attempts == 4)
    for n in range(10):
        writer.put(f"k{n}", bytes(100))
    await eventually(lambda: spilled_keys(tmp_path) == ["busy0", "busy1", "busy2", "busy3", "k0", "k1", "k2", "k3"])
    store.open.set()
    assert await writer.flush(5)
    assert len(await keys(store)) == 14
    await writer.close()


async def test_what_was_spilled_is_stored_after_the_next_start(tmp_path: Path) -> None:
    store = Troubled()
    store.broken = StoreTroubled("no answer")
    first = behind(store, tmp_path)
    first.put("cat/s1/720p/s0.m4s", b"old")
    await eventually(lambda: first._ledger.disk_bytes == 3)
    first.put("cat/s1/720p/s0.m4s", b"new")
    first.put("cat/s1/720p/s1.m4s", b"next")
    with capture_logs() as logs:
        await first.close()
    assert [entry["event"] for entry in logs] == ["what is finished waits for the next start"]
    assert spilled_keys(tmp_path) == ["cat/s1/720p/s0.m4s", "cat/s1/720p/s1.m4s"]

    healthy = MemoryStore(CLOCK)
    second = behind(healthy, tmp_path)
    await second.start()
    assert await second.flush(5)
    assert await healthy.get("cat/s1/720p/s0.m4s") == b"new"
    assert await healthy.get("cat/s1/720p/s1.m4s") == b"next"
    await eventually(lambda: spilled_keys(tmp_path) == [])
    await second.close()


async def test_what_a_hanging_store_is_being_given_at_shutdown_is_spilled(tmp_path: Path) -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store, tmp_path)
    for n in range(6):
        writer.put(f"k{n}", b"x")
    await eventually(lambda: store.attempts == 4)
    await writer.close(0.01)
    assert spilled_keys(tmp_path) == [f"k{n}" for n in range(6)]


async def test_a_node_that_shuts_down_waits_for_a_store_that_works(tmp_path: Path) -> None:
    store = Troubled()
    store.open.clear()
    writer = behind(store, tmp_path)
    writer.put("a", b"x")
    closing = asyncio.create_task(writer.close())
    await eventually(lambda: store.attempts == 1)
    copied = store.get
    store.open.set()
    await closing
    assert spilled_keys(tmp_path) == []
    with pytest.raises(ObjectUnknown):  # a closed store in memory is empty
        await copied("a")


async def test_a_deleted_object_leaves_no_file(tmp_path: Path) -> None:
    store = Troubled()
    store.broken = StoreTroubled("no answer")
    writer = behind(store, tmp_path)
    writer.put("a", b"x")
    await eventually(lambda: writer._ledger.disk_bytes == 1)
    with pytest.raises(StoreTroubled):
        await writer.delete(["a"])
    assert writer.pending == (0, 0)
    await eventually(lambda: spilled_keys(tmp_path) == [])
    await writer.close()


@pytest.mark.parametrize("last", [b"newest", None])
async def test_what_is_replaced_or_deleted_while_its_old_files_are_removed_is_no_trouble(last: bytes | None) -> None:
    removing, go_on = asyncio.Event(), asyncio.Event()

    class Gated(MemoryStore):
        async def delete(self, keys: Sequence[str]) -> None:
            removing.set()
            await go_on.wait()
            await super().delete(keys)

    spill, store = Gated(CLOCK), Troubled()
    await spill.put("a.000000000001", b"old")
    await spill.put("a.000000000002", b"new")
    writer = WriteBehind(store, CLOCK, ROOM, spill)
    with capture_logs() as logs:
        await writer.start()
        await removing.wait()
        deleting = None
        if last is None:
            deleting = asyncio.create_task(writer.delete(["a"]))
            await eventually(lambda: writer.pending == (0, 0))
        else:
            writer.put("a", last)
        go_on.set()
        assert await writer.flush(5)
        if deleting is not None:
            await deleting
        await eventually(lambda: not writer._ledger._busy)
    assert [entry["event"] for entry in logs] == ["what waits since the last run is stored now"]
    assert await keys(store) == ([] if last is None else ["a"])
    assert last is None or await store.get("a") == last
    assert await keys(spill) == []
    await writer.close()


async def test_a_file_that_somebody_took_away_is_said_to_be_lost(tmp_path: Path) -> None:
    store = Troubled()
    store.broken = StoreTroubled("no answer")
    first = behind(store, tmp_path)
    first.put("a", b"x")
    await eventually(lambda: first._ledger.disk_bytes == 1)
    await first.close()
    second = behind(Troubled(), tmp_path)
    await second.start()
    for path in list(tmp_path.glob("a.*")):  # before its workers run
        path.unlink()
    with capture_logs() as logs:
        assert await second.flush(5)
    assert [(entry["event"], entry["why"]) for entry in logs] == [("object was not stored", "its file is gone")]
    await second.close()


async def test_when_neither_store_nor_folder_takes_it_the_oldest_is_given_up_with_a_word(tmp_path: Path) -> None:
    store = Troubled()
    store.broken = StoreTroubled("no answer")
    writer = behind(store, tmp_path, Room(400, 300))
    with capture_logs() as logs:
        for n in range(10):
            writer.put(f"k{n}", bytes(100))
        await eventually(lambda: writer._ledger.disk_bytes == 300)
        await writer.close()
    lost = [entry for entry in logs if entry["event"] == "object was not stored"]
    assert len(lost) == 7
    assert {entry["why"] for entry in lost} <= {
        "too much waits for the store",
        "the node shut down before the store took it",
    }


async def test_a_folder_that_cannot_be_written_is_said_once_and_memory_holds_what_it_can(tmp_path: Path) -> None:
    store = Troubled()
    store.broken = StoreTroubled("no answer")
    writer = behind(store, tmp_path / "spill", Room(1000, 1000))
    (tmp_path / "spill").write_text("in the way")
    with capture_logs() as logs:
        writer.put("a", b"x")
        writer.put("b", b"x")
        await eventually(lambda: any(entry["event"].endswith("cannot be spilled") for entry in logs))
        assert writer.pending == (2, 2)
        store.broken = None
        assert await writer.flush(10)
    assert await keys(store) == ["a", "b"]
    await writer.close()


async def test_a_spill_folder_belongs_to_one_node_at_a_time(tmp_path: Path) -> None:
    first, second = behind(Troubled(), tmp_path), behind(Troubled(), tmp_path)
    await first.start()
    with pytest.raises(StoreMisconfigured, match="another node uses it; set --spill-folder"):
        await second.start()
    await second.close()
    await first.close()
    third = behind(Troubled(), tmp_path)
    await third.start()
    await third.close()


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
