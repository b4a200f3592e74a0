"""What retention deletes from every store, and what it leaves alone."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from infra.clock import Clock, SystemClock
from infra.ids import SessionId, StreamName
from origin.retention import parse_retention
from origin.storage.contract import ObjectStore, Page, list_all
from origin.storage.errors import StoreTroubled
from origin.storage.memory import MemoryStore
from origin.storage.write_behind import WriteBehind
from origin.sweeper import Sweeper
from support.eventually import eventually
from support.manual_clock import ManualClock

OURS = ["init-0.mp4", "i0.m4s", "s0.m4s", "s1.m4s", "index.m3u8", "iframes.m3u8"]
RECORDED = ["index.m3u8", "recording.mp4", "poster.jpg", "thumbnails.vtt", "thumbnails-0.jpg", "journal-000000.jsonl"]
FOREIGN = ["cat/s1/720p/notes.txt", "cat/s1/720p/s1.m4s.bak", "cat/readme", "elsewhere"]


def nothing_is_live(_stream: StreamName, _session: SessionId) -> bool:
    return False


def sweeper(
    storage: WriteBehind,
    clock: Clock,
    rules: list[str],
    holds: Callable[[StreamName, SessionId], bool] = nothing_is_live,
) -> Sweeper:
    return Sweeper(storage, parse_retention(rules, 60), holds, clock, call_pause_s=0, page_objects=3)


def later(seconds: float) -> ManualClock:
    """The stores have clocks of their own: this one is ahead of them."""
    clock = ManualClock(SystemClock().now_ns())
    clock.advance(seconds)
    return clock


async def keys(store: ObjectStore) -> list[str]:
    return sorted([stored.key async for stored in list_all(store, "")])


async def test_old_sessions_go_whole_and_what_is_foreign_or_young_or_kept_stays(store: ObjectStore) -> None:
    storage = WriteBehind(store, SystemClock())
    kept = [f"vip/s1/720p/{file}" for file in OURS]
    gone = [
        f"{stream}/{session}/{name}/{file}"
        for stream, session in (("cat", "s1"), ("cat", "s2"), ("dog", "s1"))
        for name in ("720p", "audio")
        for file in OURS
    ]
    for key in (*gone, "cat/s1/index.m3u8", *kept, *FOREIGN):
        await store.put(key, b"12345")
    before = REGISTRY.get_sample_value("tandem_origin_retention_deleted_objects_total") or 0
    before_bytes = REGISTRY.get_sample_value("tandem_origin_retention_deleted_bytes_total") or 0
    await sweeper(storage, later(3500), ["vip=forever", "*=1h"]).sweep()
    assert len(await keys(store)) == len(gone) + 1 + len(kept) + len(FOREIGN)
    await sweeper(storage, later(3700), ["vip=forever", "*=1h"]).sweep()
    assert await keys(store) == sorted([*kept, *FOREIGN])
    count = (REGISTRY.get_sample_value("tandem_origin_retention_deleted_objects_total") or 0) - before
    size = (REGISTRY.get_sample_value("tandem_origin_retention_deleted_bytes_total") or 0) - before_bytes
    assert (count, size) == (len(gone) + 1, 5 * (len(gone) + 1))
    await storage.close()


async def test_a_live_session_loses_old_segments_only(store: ObjectStore) -> None:
    storage = WriteBehind(store, SystemClock())
    for file in OURS:
        await store.put(f"cat/s1/720p/{file}", b"x")
    await sweeper(storage, later(200), ["*=window"], lambda stream, session: session == "s1").sweep()
    assert await keys(store) == ["cat/s1/720p/iframes.m3u8", "cat/s1/720p/index.m3u8", "cat/s1/720p/init-0.mp4"]
    await storage.close()


async def test_a_recording_goes_whole_with_its_entry(store: ObjectStore) -> None:
    storage = WriteBehind(store, SystemClock())
    for key in (*(f"cat/s1/720p/{file}" for file in OURS), *(f"cat/s1/{file}" for file in RECORDED)):
        await store.put(key, b"x")
    for session in ("s1", "s2"):
        await store.put(f"_recordings/cat/{session}.json", b"{}")
    await sweeper(storage, later(3700), ["*=1h"]).sweep()
    assert await keys(store) == ["_recordings/cat/s2.json"]
    await storage.close()


async def test_the_entry_of_a_recording_goes_first_then_playlists_then_what_they_list() -> None:
    deleted: list[str] = []

    class Watched(MemoryStore):
        async def delete(self, keys: Sequence[str]) -> None:
            deleted.extend(keys)
            await super().delete(keys)

    clock = ManualClock()
    store = Watched(clock)
    storage = WriteBehind(store, clock)
    for file in OURS:
        await store.put(f"cat/s1/720p/{file}", b"x")
    clock.advance(100)
    await sweeper(storage, clock, ["*=90s"]).sweep()
    assert deleted[:3] == ["_recordings/cat/s1.json", "cat/s1/720p/iframes.m3u8", "cat/s1/720p/index.m3u8"]
    assert sorted(deleted[1:]) == sorted(f"cat/s1/720p/{file}" for file in OURS)
    await storage.close()


async def test_a_store_that_fails_is_swept_later() -> None:
    class Failing(MemoryStore):
        async def list(self, prefix: str, cursor: str = "", limit: int = 1000) -> Page:
            raise StoreTroubled("no answer")

    clock = ManualClock()
    storage = WriteBehind(Failing(clock), clock)
    with capture_logs() as logs:
        task = asyncio.create_task(sweeper(storage, clock, ["*=1h"]).run())
        await eventually(lambda: logs)
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert [(entry["event"], entry["why"]) for entry in logs] == [
        ("retention could not be enforced, will be tried again", "no answer")
    ]
    await storage.close()


async def test_where_everything_is_kept_nobody_looks() -> None:
    storage = WriteBehind(MemoryStore(ManualClock()), ManualClock())
    await sweeper(storage, ManualClock(), ["*=forever"]).run()
    await storage.close()


@pytest.mark.parametrize("rule", ["cat=nothing", "*=nothing"])
async def test_what_was_stored_before_it_should_not_be_goes(rule: str) -> None:
    clock = ManualClock()
    store = MemoryStore(clock)
    storage = WriteBehind(store, clock)
    await store.put("cat/s1/720p/s0.m4s", b"x")
    clock.advance(1)
    await sweeper(storage, clock, [rule]).sweep()
    assert await keys(store) == []
    await storage.close()
