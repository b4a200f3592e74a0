"""kill -9 of the whole node in mid-stream, and what viewers see before and after it is started again."""

import asyncio
import re
import signal
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urljoin

import aiohttp
import pytest

from origin.journal import Ended, Record, SegmentStored, parse_page
from origin.listed import Listed, read
from origin.names import iframe_file, parse_file, segment_file
from origin.self_check import Follower, judge_together
from support.processes import TANDEM, Program, free_port, publishing, running
from support.seaweedfs import BUCKET, SeaweedFS, environment
from support.spilled import spilled_keys

pytestmark = pytest.mark.timeout(240)
PUBLISH = ("--size", "320x180", "--bitrate", "300")
PATIENCE_S = 60.0  # of all conditions; two cores may be busy


class Viewer:
    """Follows every rendition of a session, fetches all that is listed, and forgets nothing."""

    def __init__(self, index_url: str) -> None:
        self.index_url = index_url
        self.playlists: list[str] = []  # URLs
        self.followers: dict[str, Follower] = {}
        self.served: dict[str, bytes] = {}  # by URL
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))

    async def close(self) -> None:
        await self._http.close()

    async def begin(self) -> None:
        """Learn the renditions, once there is something to play."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.playlists:
                async with self._http.get(self.index_url) as answer:
                    text = await answer.text()
                    if answer.status == 200:
                        uris = {*re.findall(r'URI="(.+?)"', text), *re.findall(r"^[^#\n].*$", text, re.MULTILINE)}
                        self.playlists = sorted(urljoin(self.index_url, uri) for uri in uris)
                await asyncio.sleep(0.05)
        self.followers = {url: Follower() for url in self.playlists}

    async def look(self, *, again: bool = False) -> dict[str, Listed]:
        """The next version of every playlist, judged, and everything in it that was not fetched yet, or all again."""
        for url, follower in self.followers.items():
            async with self._http.get(url) as answer:
                text = await answer.text()
                assert answer.status == 200, text
            assert follower.see(text) == [], text
            listed = follower.last
            uris = [part.uri for segment in listed.all_segments for part in segment.parts if not part.gap]
            uris += [segment.uri for segment in listed.segments if not segment.gap]
            uris += [segment.map_uri for segment in listed.all_segments]
            for uri in dict.fromkeys(uris):
                await self._fetch(urljoin(url, uri), again=again)
        seen = {url: follower.last for url, follower in self.followers.items()}
        assert judge_together(seen) == []
        return seen

    async def until(self, claim: str, *wanted: object) -> dict[str, Listed]:
        """Look until every playlist is as wanted."""
        (holds,) = wanted
        assert callable(holds)
        async with asyncio.timeout(PATIENCE_S):
            while not all(map(holds, (seen := await self.look()).values())):
                await asyncio.sleep(0.05)
        assert seen, claim
        return seen

    async def _fetch(self, url: str, *, again: bool) -> None:
        if url in self.served and not again:
            return
        async with self._http.get(url) as answer:
            data = await answer.read()
            assert answer.status == 200, f"{url} is listed and answers {answer.status}"
        assert self.served.setdefault(url, data) == data, f"{url} was something else before"


@asynccontextmanager
async def viewing(index_url: str) -> AsyncIterator[Viewer]:
    viewer = Viewer(index_url)
    try:
        yield viewer
    finally:
        await viewer.close()


class Place:
    """Where a node is started again and again: its ports, its folder, and its bucket if it has one."""

    def __init__(self, folder: Path, server: SeaweedFS | None = None) -> None:
        self.folder = folder
        self.server = server
        self.port, self.udp_port = free_port(), free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self._prefix = f"crash/{uuid.uuid4().hex}/"

    @asynccontextmanager
    async def node(self, *options: str) -> AsyncIterator[Program]:
        command = (TANDEM, "serve", "--port", str(self.port), "--udp-port", str(self.udp_port), "--max-rungs", "2")
        place = f"file:{self.folder / 'media'}" if self.server is None else f"s3://{BUCKET}/{self._prefix}"
        store = ("--storage", place, "--spill-folder", str(self.folder / "spill"), "--profile", "ultra")
        env = {} if self.server is None else environment(self.server.endpoint)
        async with running(*command, *store, "--log-format", "json", *options, env=env) as program:
            await program.says(lambda line: '"listening"' in line)
            yield program

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """What is stored, by key."""
        if self.server is not None:
            found = self.server.objects(self._prefix + prefix)
            return {name.removeprefix(self._prefix): data for name, data in found.items()}
        media = self.folder / "media"
        files = {path.relative_to(media).as_posix(): path for path in media.rglob("*") if path.is_file()}
        return {key: path.read_bytes() for key, path in files.items() if key.startswith(prefix) and "/." not in key}

    def journal(self) -> list[Record]:
        pages = [data for key, data in sorted(self.objects("film/").items()) if "/journal-" in key]
        return [record for page in pages for record in parse_page(page)]

    def journalled(self) -> set[tuple[str, str]]:
        """What the journal says of segments and I-frames, as (rendition, file)."""
        records = [each for each in self.journal() if isinstance(each, SegmentStored)]
        segments = {(each.rendition, segment_file(each.msn)) for each in records if each.size_bytes}
        return segments | {(each.rendition, iframe_file(each.msn)) for each in records if each.iframe_bytes}

    def spilled(self) -> set[tuple[str, str]]:
        """What waits in files for the store, as (rendition, file)."""
        keys = [key.split("/") for key in spilled_keys(self.folder / "spill")]
        return {(key[-2], key[-1]) for key in keys if key[-1].endswith(".m4s")}

    def marks(self) -> list[str]:
        return list(self.objects("_unfinished/"))


@pytest.fixture(scope="module")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    server = SeaweedFS(tmp_path_factory.mktemp("seaweedfs"))
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(tmp_path, request.getfixturevalue("seaweedfs") if request.param == "s3" else None)


async def die(program: Program) -> None:
    program.process.kill()
    await program.ended()


def all_that_was_seen(playlists: dict[str, Listed]) -> set[tuple[str, str]]:
    """The finished segments and I-frames in the lists, as (rendition, file); no gaps."""
    return {
        (url.split("/")[-2], each.uri) for url, listed in playlists.items() for each in listed.segments if not each.gap
    }


def numbers(files: Iterable[tuple[str, str]]) -> set[int]:
    """The media sequence numbers of segments and I-frames."""
    return {parse_file(file).number for _, file in files}


async def kill_when_all_that_was_seen_is_stored(place: Place, viewer: Viewer, program: Program) -> None:
    """What was listed and not stored becomes gaps, which no viewer may have seen otherwise."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            seen = await viewer.look()
            open_now = all(each.open or each.iframes_only for each in seen.values())
            if open_now and all_that_was_seen(seen) <= place.journalled() | place.spilled():
                return await die(program)
            await asyncio.sleep(0.02)


async def watch_a_while_and_kill(place: Place, viewer: Viewer, program: Program) -> int:
    """The number of segments that are stored then, in each rendition at least."""
    async with publishing("test", f"{place.base_url}/whip/film", *PUBLISH) as publisher:
        await viewer.begin()
        await viewer.until("three segments", lambda listed: len(listed.segments) >= 3)
        await kill_when_all_that_was_seen_is_stored(place, viewer, program)
        publisher.process.kill()
    return min(len(follower.last.segments) for follower in viewer.followers.values())


def agrees_with_the_store(place: Place, viewer: Viewer) -> None:
    """What is stored is what was served, and all of it that was served is stored."""
    stored = place.objects("film/")
    for url, data in viewer.served.items():
        if not re.search(r"/p\d+\.m4s$", url):
            assert stored[url.removeprefix(f"{place.base_url}/live/")] == data


async def the_recording_has_all_that_is_stored(place: Place) -> None:
    """The session becomes one recording, which lists each stored segment and I-frame once, and nothing else."""
    async with aiohttp.ClientSession(place.base_url) as http, asyncio.timeout(PATIENCE_S):
        told: list[dict[str, str]] = []
        while [each["state"] for each in told] != ["ready"]:
            async with http.get("/api/recordings") as answer:
                told = (await answer.json())["recordings"]
            await asyncio.sleep(0.05)
        async with http.get(told[0]["hls"]) as answer:
            uris = re.findall(r'URI="(.+?)"|^([^#\n].*)$', await answer.text(), re.MULTILINE)
        listed: list[tuple[str, str]] = []
        for uri in {first or second for first, second in uris}:
            async with http.get(urljoin(told[0]["hls"], uri)) as answer:
                playlist = read(await answer.text())
            assert (playlist.complaints, playlist.ended) == ([], True)
            listed += [(uri.split("/")[0], each.uri) for each in playlist.segments if not each.gap]
    assert sorted(listed) == sorted(place.journalled())


async def test_the_publisher_returns_after_a_crash_and_the_session_goes_on(place: Place) -> None:
    async with viewing(f"{place.base_url}/live/film/index.m3u8") as viewer:
        async with place.node() as program:
            await watch_a_while_and_kill(place, viewer, program)
        newest = max(numbers(place.journalled()))
        urls = list(viewer.playlists)

        async with place.node() as program:
            seen = await viewer.look(again=True)
            assert not any(listed.ended for listed in seen.values())
            resumes_at = {int(listed.segments[-1].msn) + 1 for listed in seen.values()}
            assert len(resumes_at) == 1
            (first,) = resumes_at
            assert first > newest + 1
            async with publishing("test", f"{place.base_url}/whip/film", *PUBLISH):
                seen = await viewer.until("goes on", lambda listed: listed.segments[-1].msn >= first + 2)
                for listed in seen.values():
                    broken = [each for each in listed.all_segments if each.discontinuity and each.msn > newest]
                    assert [each.msn for each in broken] == [first]
                    before = next(each for each in listed.segments if each.msn == first - 1)
                    assert broken[0].map_uri != before.map_uri
            seen = await viewer.until("ends", lambda listed: listed.ended)
            agrees_with_the_store(place, viewer)
            await the_recording_has_all_that_is_stored(place)
        viewer.playlists.clear()
        assert urls == list(viewer.followers)
    assert isinstance(place.journal()[-1], Ended)
    assert place.marks() == []


async def test_the_publisher_does_not_return_after_a_crash_and_the_session_ends(place: Place) -> None:
    async with viewing(f"{place.base_url}/live/film/index.m3u8") as viewer:
        async with place.node() as program:
            await watch_a_while_and_kill(place, viewer, program)
        assert len(place.marks()) == 1
        async with place.node("--recovery-grace-s", "3"):
            await viewer.look(again=True)
            await viewer.until("ends", lambda listed: listed.ended)
            agrees_with_the_store(place, viewer)
            async with asyncio.timeout(PATIENCE_S):
                while place.marks():
                    await asyncio.sleep(0.05)
            assert isinstance(place.journal()[-1], Ended)
            await the_recording_has_all_that_is_stored(place)
        async with place.node():
            assert place.marks() == []
    assert sum(isinstance(record, Ended) for record in place.journal()) == 1


async def test_what_waited_for_a_store_that_was_away_when_the_node_died_is_not_lost(
    seaweedfs: SeaweedFS, tmp_path: Path
) -> None:
    place = Place(tmp_path, seaweedfs)
    async with viewing(f"{place.base_url}/live/film/index.m3u8") as viewer:
        async with place.node() as program, publishing("test", f"{place.base_url}/whip/film", *PUBLISH) as publisher:
            await viewer.begin()
            await viewer.until("two segments", lambda listed: len(listed.segments) >= 2)
            before = place.journalled()
            seaweedfs.stop(signal.SIGKILL)
            newest = max(numbers(before))
            await viewer.until("three more", lambda listed: listed.segments[-1].msn >= newest + 3)
            async with asyncio.timeout(PATIENCE_S):
                while not all_that_was_seen(await viewer.look()) <= before | place.spilled():
                    await asyncio.sleep(0.02)
            await die(program)
            publisher.process.kill()
        seaweedfs.start()
        async with place.node("--recovery-grace-s", "3"):
            seen = all_that_was_seen(await viewer.look(again=True))
            assert numbers(seen) >= set(range(newest + 4))
            await viewer.until("ends", lambda listed: listed.ended)
            async with asyncio.timeout(PATIENCE_S):
                while place.marks():
                    await asyncio.sleep(0.05)
            agrees_with_the_store(place, viewer)
    assert seen <= place.journalled()
