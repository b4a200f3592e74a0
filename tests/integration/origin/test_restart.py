"""An origin that is started on what another one left in its folder, without a word of goodbye."""

import asyncio
import shutil
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.ids import RenditionName, SessionId, StreamName
from infra.settings import Settings
from origin import unfinished
from origin.hub import Limits
from origin.journal import Ended, Opened, Record, SegmentStored, parse_page, print_page
from origin.listed import read
from origin.names import mark_key
from origin.self_check import Follower
from origin.storage.contract import PAGE_OBJECTS, ObjectStore, Page
from origin.storage.errors import StoreTroubled
from origin.storage.filesystem import FolderStore
from support.cmaf_pusher import START_NS, Source, made_up_video
from support.eventually import eventually
from support.manual_clock import ManualClock
from support.origin_server import OriginServer, origin_server

CAT, S1 = StreamName("cat"), SessionId("s1")
INDEX = "/live/cat/index.m3u8"
LIST = "/live/cat/s1/720p/index.m3u8"
SEGMENTS = 4
CRASHED_NS = START_NS + (2 * SEGMENTS + 1) * 1_000_000_000


def journal(folder: Path, session: str = "s1") -> list[Record]:
    pages = sorted((folder / "cat" / session).glob("journal-*"))
    return [record for page in pages for record in parse_page(page.read_bytes())]


def ends(folder: Path, session: str = "s1") -> int:
    return sum(isinstance(record, Ended) for record in journal(folder, session))


def marks(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("_unfinished/cat/*.mark"))


def closed(folder: Path, session: str = "s1") -> bool:
    return ends(folder, session) == 1 and f"{session}.mark" not in marks(folder)


@pytest.fixture
async def viewer() -> Follower:
    """It has seen the last list of before the crash."""
    return Follower()


@pytest.fixture
async def folder(tmp_path: Path, viewer: Follower) -> Path:
    """What an origin had stored when it died in the middle of its fifth segment."""
    live = tmp_path / "live"
    async with origin_server(store=FolderStore(live)) as server:
        for name in ("720p", "360p"):
            await server.push(name, made_up_video(int(name[:-1])), 6 * SEGMENTS + 2)
        await eventually(lambda: sum(isinstance(each, SegmentStored) for each in journal(live)) == 2 * SEGMENTS)
        assert viewer.see(await server.listed(LIST)) == []
        await asyncio.to_thread(shutil.copytree, live, tmp_path / "left", ignore=shutil.ignore_patterns(".unfinished"))
    return tmp_path / "left"


def restarted(
    folder: Path, limits: Limits | None = None, store: ObjectStore | None = None, **options: Any
) -> AbstractAsyncContextManager[OriginServer]:
    """An origin three seconds later."""
    clock = ManualClock(CRASHED_NS + 3_000_000_000)
    return origin_server(limits, store or FolderStore(folder), clock=clock, settings=Settings.model_validate(options))


def returning() -> Source:
    """The same encoder, started anew."""
    return made_up_video(start_ns=CRASHED_NS + 6_000_000_000)


async def listed_from(server: OriginServer, msn: int) -> str:
    """The playlist as soon as it holds a segment."""
    return await server.listed(f"{LIST}?_HLS_msn={msn}")


async def test_the_session_is_served_at_once_with_gaps_for_what_was_lost(folder: Path, viewer: Follower) -> None:
    async with restarted(folder) as server:
        assert "s1/720p/index.m3u8" in await server.listed(INDEX)
        assert viewer.see(await server.listed(LIST)) == []
        assert [each.gap for each in viewer.last.segments[:SEGMENTS]] == [False] * SEGMENTS
        assert all(each.gap for each in viewer.last.segments[SEGMENTS:])
        source = made_up_video()
        for msn in range(SEGMENTS):
            answer = await server.get(f"/live/cat/s1/720p/s{msn}.m4s")
            assert answer.body == b"".join(source.parts(6))
        part = await server.get("/live/cat/s1/720p/s1.m4s", Range="bytes=10-19")
        assert (part.status, part.body) == (206, (await server.get("/live/cat/s1/720p/s1.m4s")).body[10:20])
        assert (await server.get(f"/live/cat/s1/720p/s{SEGMENTS}.m4s")).status == 404


async def test_the_publisher_returns_and_the_session_goes_on_behind_one_discontinuity(
    folder: Path, viewer: Follower
) -> None:
    async with restarted(folder) as server:
        assert viewer.see(await server.listed(LIST)) == []
        resumes_at = viewer.last.segments[-1].msn + 1
        assert server.hub.resume(CAT) == S1
        for name in ("720p", "360p"):
            await server.push(name, returning(), 8)
        assert server.hub.resume(CAT) is None
        assert viewer.see(await listed_from(server, resumes_at)) == []
        broken = [each for each in viewer.last.all_segments if each.discontinuity]
        assert [each.msn for each in broken] == [resumes_at]
        assert broken[0].map_uri == f"init-{resumes_at}.mp4"
        assert (await server.get(f"/live/cat/s1/720p/{broken[0].parts[0].uri}")).status == 200
    assert closed(folder)
    stored = [each.msn for each in journal(folder) if isinstance(each, SegmentStored) and each.rendition == "720p"]
    assert sorted(stored) == list(range(resumes_at + 2))


async def test_a_second_crash_while_the_publisher_is_away_changes_nothing_that_was_seen(
    folder: Path, viewer: Follower, tmp_path: Path
) -> None:
    async with restarted(folder) as server:
        assert viewer.see(await server.listed(LIST)) == []
        await asyncio.to_thread(
            shutil.copytree, folder, tmp_path / "twice", ignore=shutil.ignore_patterns(".unfinished")
        )
    clock = ManualClock(CRASHED_NS + 9_000_000_000)
    async with origin_server(store=FolderStore(tmp_path / "twice"), clock=clock) as server:
        assert viewer.see(await server.listed(LIST)) == []


async def test_the_publisher_does_not_return_and_the_session_ends(folder: Path, viewer: Follower) -> None:
    async with restarted(folder, recovery_grace_s=0.05) as server:
        assert viewer.see(await server.listed(LIST)) == []
        await eventually(lambda: closed(folder))
        assert viewer.see(await server.listed(LIST)) == []
        assert viewer.last.ended
        assert server.hub.resume(CAT) is None
        status, _ = await server.post("720p").end()
        assert status == 409
    assert ends(folder) == 1


async def test_a_rendition_that_does_not_come_back_is_over_and_the_others_go_on(folder: Path) -> None:
    async with restarted(folder, Limits(return_s=0.05)) as server:
        assert "360p" in await server.listed(INDEX)
        source, core = returning(), server.hub.live(CAT, S1).core
        post = await server.push("720p", source, 8)
        await eventually(lambda: core.renditions[RenditionName("360p")].over)
        post.send(source.next_part())
        async with asyncio.timeout(20):
            while "360p" in await server.listed(INDEX):
                await asyncio.sleep(0.01)
        assert not core.ended
        await post.end()
        await eventually(lambda: core.ended)


@pytest.mark.parametrize("options", [{"recovery_grace_s": 0}, {"profile": "ultra"}])
async def test_a_session_that_cannot_go_on_ends_at_once(folder: Path, options: dict[str, Any]) -> None:
    async with restarted(folder, **options) as server:
        await eventually(lambda: closed(folder))
        assert (await server.get(LIST)).status == 404
        status, _ = await server.post("720p").end()
        assert status == 409


async def test_of_two_sessions_of_a_stream_the_newer_one_goes_on(folder: Path) -> None:
    older = folder / "cat" / "s0"
    shutil.copytree(folder / "cat" / "s1", older)
    (folder / mark_key(CAT, SessionId("s0"))).write_bytes(b"x")
    opened, *others = journal(folder, "s0")
    assert isinstance(opened, Opened)
    (older / "journal-000000.jsonl").write_bytes(print_page([replace(opened, opened_ns=5), *others]))
    async with restarted(folder) as server:
        await eventually(lambda: closed(folder, "s0"))
        assert server.hub.resume(CAT) == S1


async def test_what_the_store_lost_of_a_journalled_session_is_a_gap(folder: Path) -> None:
    (folder / "cat/s1/720p/s1.m4s").unlink()
    whole = folder / "cat/s1/720p/s2.m4s"
    whole.write_bytes(whole.read_bytes()[:-1])
    async with restarted(folder) as server:
        listed = read(await server.listed(LIST))
        assert [each.gap for each in listed.segments[:SEGMENTS]] == [False, True, True, False]


async def test_a_session_without_its_init_section_ends(folder: Path) -> None:
    (folder / "cat/s1/720p/init-0.mp4").unlink()
    async with restarted(folder) as server:
        await eventually(lambda: closed(folder))
        assert server.hub.resume(CAT) is None


async def test_a_segment_that_goes_while_it_is_listed_is_an_error_of_its_own(folder: Path) -> None:
    async with restarted(folder) as server:
        (folder / "cat/s1/720p/s1.m4s").unlink()
        assert (await server.get("/live/cat/s1/720p/s1.m4s")).status == 404
        assert (await server.get("/live/cat/s1/720p/s2.m4s")).status == 200


async def test_what_the_store_took_and_the_journal_could_not_tell_any_more_is_told(
    folder: Path, viewer: Follower
) -> None:
    whole = journal(folder)
    untold = [each for each in whole if isinstance(each, SegmentStored) and each.msn > (each.rendition == "720p")]
    told = [each for each in whole if each not in untold]
    (folder / "cat/s1/journal-000000.jsonl").write_bytes(print_page(told))
    async with restarted(folder) as server:
        assert viewer.see(await server.listed(LIST)) == []
        assert {each.msn for each in viewer.last.segments if not each.gap} == set(range(SEGMENTS))
    records = journal(folder)
    assert all(record in records for record in untold)
    assert len([each for each in records if isinstance(each, SegmentStored) and not each.gap]) == 2 * SEGMENTS


async def test_a_torn_page_is_written_again_and_those_behind_it_go(folder: Path) -> None:
    page = folder / "cat/s1/journal-000000.jsonl"
    whole = journal(folder)
    page.write_bytes(page.read_bytes()[:-9])
    (folder / "cat/s1/journal-000001.jsonl").write_bytes(print_page(whole[-1:]))
    async with restarted(folder) as server:
        assert server.hub.resume(CAT) == S1
        assert journal(folder)[: len(whole) - 1] == whole[:-1]
        assert not (folder / "cat/s1/journal-000001.jsonl").exists()
    assert closed(folder)


@pytest.mark.parametrize("left", [[], [Ended(7)]])
async def test_a_mark_of_a_session_that_never_began_or_has_its_end_goes(folder: Path, left: list[Record]) -> None:
    page = folder / "cat/s1/journal-000000.jsonl"
    page.write_bytes(print_page([*journal(folder), *left]) if left else b"")
    async with restarted(folder) as server:
        await eventually(lambda: not marks(folder))
        assert (await server.get(LIST)).status == 404
    assert ends(folder) == len(left)


async def test_a_full_origin_ends_what_it_cannot_hold(folder: Path) -> None:
    async with restarted(folder, Limits(sessions=0)) as server:
        await eventually(lambda: closed(folder))
        assert server.hub.resume(CAT) is None


async def test_an_encoder_takes_the_name_of_a_publisher_that_is_awaited(folder: Path) -> None:
    async with restarted(folder) as server:
        session = server.hub.foreign_session(CAT, b"random")
        assert session != S1
        assert server.hub.resume(CAT) is None
        await eventually(lambda: closed(folder))


async def test_an_iframe_is_read_from_the_store_and_one_that_is_lost_is_a_gap(folder: Path) -> None:
    pictures = {msn: (folder / f"cat/s1/720p/i{msn}.m4s").read_bytes() for msn in range(SEGMENTS)}
    (folder / "cat/s1/720p/i2.m4s").unlink()
    async with restarted(folder) as server:
        listed = read(await server.listed(LIST.replace("index", "iframes")))
        assert [each.gap for each in listed.segments[:SEGMENTS]] == [False, False, True, False]
        for msn, picture in pictures.items():
            answer = await server.get(f"/live/cat/s1/720p/i{msn}.m4s")
            assert answer.status == 404 if msn == 2 else answer.body == picture
        assert not any(each.gap for each in read(await server.listed(LIST)).segments[:SEGMENTS])


class Troubled(FolderStore):
    """A store that fails when it is first asked what is there."""

    failures = 2

    async def list(self, prefix: str, cursor: str = "", limit: int = PAGE_OBJECTS) -> Page:
        if self.failures:
            self.failures -= 1
            raise StoreTroubled("the server is not reached")
        return await super().list(prefix, cursor, limit)


async def test_a_store_that_is_not_there_yet_is_asked_until_it_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "RETRY_FIRST_S", 0.01)
    async with restarted(folder, Limits(recover_s=0.0), Troubled(folder)) as server:
        await eventually(lambda: server.hub.resume(CAT) == S1)


async def test_a_stream_that_began_anew_meanwhile_keeps_its_new_session(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unfinished, "RETRY_FIRST_S", 0.2)
    async with restarted(folder, Limits(recover_s=0.0), Troubled(folder)) as server:
        server.hub.open_session(CAT, SessionId("s2"))
        await eventually(lambda: closed(folder))
        assert marks(folder) == ["s2.mark"]
        assert server.hub.resume(CAT) is None


async def test_a_node_that_stops_while_the_store_is_not_there_does_not_wait_for_it(folder: Path) -> None:
    store = Troubled(folder)
    store.failures = 1_000_000
    async with restarted(folder, Limits(recover_s=0.0), store):
        pass
    assert marks(folder) == ["s1.mark"]
