"""What the store does not take waits in a folder, also over a restart."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from origin.storage.errors import ObjectUnknown, StoreMisconfigured, StoreTroubled
from origin.storage.memory import MemoryStore
from origin.storage.pending import Room
from origin.storage.spill import SpillFolder
from origin.storage.write_behind import WriteBehind
from support.eventually import eventually
from support.manual_clock import ManualClock
from support.spilled import spilled_keys
from support.troubled_store import CLOCK, ROOM, Troubled, behind, keys


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
