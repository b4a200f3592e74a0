"""A session's journal tells what the store has, no more, and the mark stands until it has its end."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from infra.clock import SystemClock
from infra.ids import RenditionName, SessionId, StreamName
from origin.journal import BreakPlanned, Ended, InitStored, Opened, Record, SegmentStored, parse_page
from origin.journal_writer import JournalWriter
from origin.marks import Marks
from origin.model import InitSection
from origin.names import journal_key, mark_key
from origin.recorder import Recorder, Shelf
from origin.storage.errors import StoreTroubled
from origin.storage.filesystem import FolderStore
from origin.storage.memory import MemoryStore
from origin.storage.read_through import ReadThrough
from origin.storage.write_behind import WriteBehind
from support.cmaf_pusher import made_up_video
from support.origin_media import HD, INIT, VIDEO, Feeder, targets
from support.origin_server import origin_server

CAT, S1 = StreamName("cat"), SessionId("s1")
OPENED = Opened(7, targets(), Fraction(2))


def journal(folder: Path) -> list[Record]:
    pages = sorted((folder / "cat" / "s1").glob("journal-*"))
    return [record for page in pages for record in parse_page(page.read_bytes())]


class SlowStore:
    """Takes what is put in the order in which the test says."""

    def __init__(self) -> None:
        self.pending: dict[str, tuple[bytes, Callable[[], None] | None]] = {}
        self.objects: dict[str, bytes] = {}

    def put(self, key: str, data: bytes, on_stored: Callable[[], None] | None = None) -> None:
        assert key not in self.pending, "one version of an object is on its way at a time"
        self.pending[key] = (data, on_stored)

    def take(self, key: str) -> None:
        self.objects[key], on_stored = self.pending.pop(key)
        if on_stored is not None:
            on_stored()

    def journal(self) -> list[Record]:
        return parse_page(self.objects.get(journal_key(CAT, S1, 0), b""))


def recorder(
    store: SlowStore, completed: list[SessionId], *, durable: bool = True, live_s: Fraction | None = None
) -> Recorder:
    shelf = Shelf(store.put, ReadThrough(MemoryStore(SystemClock())), live_s)
    journal = JournalWriter(waiting=True) if durable else None
    return Recorder(CAT, S1, shelf, journal, lambda _stream, session: completed.append(session))


def fed() -> Feeder:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 0, 13)
    return feed


def test_the_mark_comes_first_then_the_journal() -> None:
    store, completed = SlowStore(), list[SessionId]()
    recorder(store, completed).begin(OPENED)
    assert set(store.pending) == {mark_key(CAT, S1)}
    store.take(mark_key(CAT, S1))
    assert set(store.pending) == {journal_key(CAT, S1, 0)}
    store.take(journal_key(CAT, S1, 0))
    assert store.journal() == [OPENED]


def test_a_file_is_journalled_when_the_store_has_it_and_the_end_behind_the_last_one() -> None:
    store, completed, feed = SlowStore(), list[SessionId](), fed()
    made = recorder(store, completed)
    made.begin(OPENED)
    store.take(mark_key(CAT, S1))
    store.take(journal_key(CAT, S1, 0))
    rendition = feed.session.renditions[HD]
    made.keep(rendition, INIT)
    for segment in feed.window(HD).segments:
        made.keep(rendition, segment)
    made.end(99)
    assert store.journal() == [OPENED]
    store.take("cat/s1/720p/s1.m4s")
    store.take(journal_key(CAT, S1, 0))
    assert [type(record) for record in store.journal()] == [Opened, SegmentStored]
    store.take("cat/s1/720p/init-0.mp4")
    store.take("cat/s1/720p/s0.m4s")
    store.take(journal_key(CAT, S1, 0))
    assert completed == []
    store.take(journal_key(CAT, S1, 0))
    assert completed == [S1]
    second, init, first, end = store.journal()[1:]
    assert second == SegmentStored(
        HD, 1, 0, 180_000, 180_000, feed.window(HD).segments[1].program_ns, False, 12, 24, Fraction(30)
    )
    assert init == InitStored(HD, 0, VIDEO, 4)
    assert isinstance(first, SegmentStored)
    assert (first.msn, first.next_part) == (0, 6)
    assert end == Ended(99)


def test_gaps_and_breaks_are_journalled_at_once() -> None:
    store, feed = SlowStore(), fed()
    made = recorder(store, [])
    made.begin(OPENED)
    window = feed.window(HD)
    window.close_segment()
    made.plan_break(3)
    made.keep(feed.session.renditions[HD], window.add_gap(InitSection(2, b"x", VIDEO), 5, 180_000, discontinuity=True))
    store.take(mark_key(CAT, S1))
    store.take(journal_key(CAT, S1, 0))
    gap = SegmentStored(HD, 3, 2, 0, 180_000, 5, True, 13, 0, Fraction(30))
    assert store.journal() == [OPENED, BreakPlanned(3), gap]


def test_a_store_that_forgets_gets_files_and_no_journal() -> None:
    store, completed, feed = SlowStore(), list[SessionId](), fed()
    made = recorder(store, completed, durable=False)
    made.begin(OPENED)
    made.keep(feed.session.renditions[HD], INIT)
    made.end(9)
    store.take("cat/s1/720p/init-0.mp4")
    assert not store.pending
    assert completed == []


def test_old_segments_leave_memory_when_they_are_stored_and_no_sooner() -> None:
    store, feed = SlowStore(), Feeder(window_s=60)
    made = recorder(store, [], live_s=Fraction(4))
    feed.begin(HD)
    feed.parts(HD, 0, 30)
    window, rendition = feed.window(HD), feed.session.renditions[HD]
    window.close_segment()
    for segment in list(window.segments):
        made.keep(rendition, segment)

    def only_in_store() -> list[int]:
        assert all(bool(each.data) != bool(each.stored_bytes) for each in window.segments)
        return [each.msn for each in window.segments if each.stored_bytes]

    assert only_in_store() == []
    for msn, gone in [(4, []), (1, [1]), (0, [0, 1]), (3, [0, 1])]:
        store.take(f"cat/s1/720p/s{msn}.m4s")
        assert only_in_store() == gone


async def until_journalled(folder: Path, enough: Callable[[Iterable[Record]], bool]) -> None:
    async with asyncio.timeout(20):
        while not enough(journal(folder)):
            await asyncio.sleep(0.01)


async def test_a_journal_agrees_with_the_files_beside_it(tmp_path: Path) -> None:
    async with origin_server(store=FolderStore(tmp_path)) as server:
        post = await server.push("720p", made_up_video(), 14)
        await until_journalled(tmp_path, lambda records: sum(isinstance(r, SegmentStored) for r in records) == 2)
        assert (tmp_path / mark_key(CAT, S1)).exists()
        await post.end()
        await until_journalled(tmp_path, lambda records: any(isinstance(r, Ended) for r in records))
    records = journal(tmp_path)
    assert isinstance(records[0], Opened)
    assert isinstance(records[-1], Ended)
    for record in records:
        if isinstance(record, InitStored | SegmentStored):
            name = f"init-{record.number}.mp4" if isinstance(record, InitStored) else f"s{record.msn}.m4s"
            assert (tmp_path / "cat" / "s1" / record.rendition / name).stat().st_size == record.size_bytes
    assert not (tmp_path / mark_key(CAT, S1)).exists()


async def test_a_node_that_is_told_to_stop_ends_its_journals(tmp_path: Path) -> None:
    async with origin_server(store=FolderStore(tmp_path)) as server:
        await server.push("720p", made_up_video(), 8)
        await server.listed("/live/cat/s1/720p/index.m3u8?_HLS_msn=1&_HLS_part=1")
    records = journal(tmp_path)
    assert sorted(r.msn for r in records if isinstance(r, SegmentStored)) == [0, 1]
    assert isinstance(records[-1], Ended)
    assert not (tmp_path / mark_key(CAT, S1)).exists()


class NeverDeletes(FolderStore):
    async def delete(self, keys: Sequence[str]) -> None:
        raise StoreTroubled("read-only file system")


async def test_a_mark_that_cannot_be_removed_stays_and_harms_nobody(tmp_path: Path) -> None:
    store = NeverDeletes(tmp_path)
    storage = WriteBehind(store, SystemClock())
    marks = Marks(storage)
    await store.put(mark_key(CAT, S1), b"x")
    await store.put("_unfinished/session/720p/s0.m4s", b"media of a stream that is named like that")
    marks.remove(CAT, S1)
    await marks.close()
    assert await marks.read() == [(CAT, S1)]
    await storage.close()


@pytest.mark.parametrize("name", ["720p", "audio"])
def test_renditions_are_told_apart(name: str) -> None:
    store = SlowStore()
    feed = Feeder()
    feed.begin(RenditionName(name))
    recorder(store, []).keep(feed.session.renditions[RenditionName(name)], INIT)
    assert list(store.pending) == [f"cat/s1/{name}/init-0.mp4"]
