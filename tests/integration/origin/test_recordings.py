"""Recordings over HTTP: listed, fetched in ranges, removed; and what is said where none are kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from infra.http import errors_to_problems
from infra.ids import SessionId, StreamName
from infra.settings import Settings
from origin import after, recordings, vod
from origin.after_jobs import AfterJob, State, Task
from origin.after_queue import AfterQueue
from origin.names import entry_key, mark_key, recording_key
from origin.recording_entry import KeptFile, parse_entry, print_entry
from origin.recordings import Recordings
from origin.storage.filesystem import FolderStore
from origin.vod import BLOCK_BYTES, Vod
from support.kept_session import CAT, S1, KeptSession, keys_of, real_session
from support.origin_server import Answer

pytestmark = pytest.mark.timeout(240)
DOG = StreamName("dog")
ONE = "/api/recordings/cat/s1"
ADMIN_TOKEN = "the token of the admin"
MAY = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
PATIENCE_S = 100.0


class SlowStore(FolderStore):
    """A folder whose reads can be held, and are counted."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.gate = asyncio.Event()
        self.gate.set()
        self.read: list[tuple[str, int, int | None]] = []

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        self.read.append((key, start, stop))
        await self.gate.wait()
        return await super().get(key, start, stop)


@dataclass
class Server:
    """A running server, its store and its queue."""

    base_url: str
    http: aiohttp.ClientSession
    store: SlowStore
    queue: AfterQueue
    vod: Vod
    work: Path

    async def ask(self, path: str, method: str = "GET", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.base_url + path
        async with self.http.request(method, url, headers=sent, auto_decompress=False) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def json(self, path: str, method: str = "GET", status: int = 200) -> dict[str, Any]:
        async with self.http.request(method, self.base_url + path, headers=MAY) as answer:
            assert answer.status == status, await answer.text()
            return dict(await answer.json())

    async def keep(self, stream: StreamName = CAT, session: str = "s1") -> None:
        """A finished recording."""
        kept = real_session(4)
        moved = KeptSession(stream, SessionId(session), {}, kept.records)
        moved.objects = {key.replace("cat/s1/", f"{stream}/{session}/", 1): data for key, data in kept.objects.items()}
        await moved.store_in(self.store)
        await after.make(self.store, stream, SessionId(session), self.work)
        self.store.read.clear()

    async def keep_large(self, blocks: int = 3) -> bytes:
        """A recording whose MP4 file has nearly so many blocks."""
        await self.keep()
        large = bytes(range(251)) * (blocks * BLOCK_BYTES // 251)
        entry = parse_entry(await self.store.get(entry_key(CAT, S1)))
        entry = replace(entry, files={**entry.files, "recording.mp4": KeptFile(len(large), "large")})
        await self.store.put(entry_key(CAT, S1), print_entry(entry))
        await self.store.put("cat/s1/recording.mp4", large)
        self.store.read.clear()
        return large

    def blocks(self) -> list[tuple[int, int | None]]:
        """What was read of the MP4 file."""
        return [(start, stop) for key, start, stop in self.store.read if key.endswith("recording.mp4")]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with AsyncExitStack() as closing:
        store = SlowStore(tmp_path / "media")
        closing.push_async_callback(store.close)
        queue = await AfterQueue.open(Settings(storage=f"file:{tmp_path / 'media'}"))
        closing.push_async_callback(queue.close)
        files = Vod(store)
        closing.push_async_callback(files.close)
        base_url = await serve(closing, [*recordings.routes(Recordings(store, queue), ADMIN_TOKEN), *vod.routes(files)])
        http = await closing.enter_async_context(aiohttp.ClientSession(headers={"Accept-Encoding": "identity"}))
        yield Server(base_url, http, store, queue, files, tmp_path)


async def serve(closing: AsyncExitStack, routes: list[web.RouteDef]) -> str:
    app = web.Application(middlewares=[errors_to_problems])
    app.add_routes(routes)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    closing.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"


async def test_a_recording_is_listed_with_what_is_known_of_it(server: Server) -> None:
    await server.keep()
    listed = await server.json("/api/recordings")
    assert (listed["kept"], listed["next"]) == (True, None)
    (one,) = listed["recordings"]
    assert one == await server.json(ONE)
    assert (one["stream"], one["session"], one["state"], one["why"]) == ("cat", "s1", "ready", None)
    assert (one["duration_ms"], one["mp4_extent"]["whole"]) == (4000, True)
    assert {each["name"]: each["kind"] for each in one["renditions"]} == {"720p": "video", "audio": "audio"}
    for name in ("hls", "mp4", "poster", "thumbnails"):
        assert (await server.ask(one[name])).status == 200
    keys = [key for key in await keys_of(server.store, "cat/") if "journal" not in key and "init" not in key]
    assert one["size_bytes"] == sum([len(await server.store.get(key)) for key in keys])


async def test_recordings_are_listed_the_newest_first_page_by_page_and_by_stream(server: Server) -> None:
    for stream, session in ((CAT, "s1"), (DOG, "s2"), (CAT, "s3")):
        await server.keep(stream, session)
    first = await server.json("/api/recordings?limit=2")
    assert [each["session"] for each in first["recordings"]] == ["s3", "s2"]
    second = await server.json(f"/api/recordings?limit=2&after={first['next']}")
    assert [each["session"] for each in second["recordings"]] == ["s1"]
    assert second["next"] is None
    of_cat = await server.json("/api/recordings?stream=cat")
    assert [each["session"] for each in of_cat["recordings"]] == ["s3", "s1"]


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "limit=²", "stream=..", "after=s1", "after=/cat"])
async def test_a_query_that_means_nothing_is_refused(server: Server, query: str) -> None:
    assert (await server.ask(f"/api/recordings?{query}")).status == 400


async def test_work_that_is_not_done_is_shown_as_the_state(server: Server) -> None:
    failed = AfterJob(CAT, S1, Task.MAKE, State.FAILED, 10, "the disk is full")
    await server.queue._call(lambda: server.queue._write(failed))
    (one,) = (await server.json("/api/recordings"))["recordings"]
    assert (one["state"], one["attempts"], one["why"]) == ("failed", 10, "the disk is full")
    assert [one[name] for name in ("hls", "mp4", "poster", "thumbnails", "duration_ms")] == [None] * 5


async def test_a_finished_session_can_be_made_a_recording_again(server: Server) -> None:
    await real_session(4).store_in(server.store)
    assert (await server.json(ONE, "PUT", 202))["state"] in {"waiting", "working"}
    async with asyncio.timeout(PATIENCE_S):
        while (await server.json(ONE))["state"] != "ready":
            await asyncio.sleep(0.02)


async def test_removing_is_answered_at_once_done_soon_and_no_error_the_second_time(server: Server) -> None:
    await server.keep()
    answer = await server.json(ONE, "DELETE", 202)
    assert (answer["state"], answer["hls"]) == ("removing", None)
    async with asyncio.timeout(PATIENCE_S):
        while (gone := await server.ask(ONE, "DELETE", **MAY)).status != 204:
            assert gone.status == 202
            await asyncio.sleep(0.02)
    assert await keys_of(server.store) == []
    assert (await server.ask(ONE)).status == 404
    assert (await server.json("/api/recordings"))["recordings"] == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_nothing_is_done_to_a_session_that_has_not_ended(server: Server, method: str) -> None:
    await server.store.put(mark_key(CAT, S1), b"unfinished")
    await real_session(4, ended=False).store_in(server.store)
    answer = await server.ask(ONE, method, **MAY)
    assert (answer.status, answer.headers["Retry-After"]) == (409, "5")
    assert await server.queue.jobs() == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_only_the_admin_changes_recordings(server: Server, method: str) -> None:
    await server.keep()
    for shown in ({}, {"Authorization": "Bearer another token"}, {"Authorization": ADMIN_TOKEN}):
        answer = await server.ask(ONE, method, **shown)
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert await server.queue.jobs() == []
    assert (await server.ask(ONE)).status == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_without_an_admin_token_nobody_changes_recordings(method: str) -> None:
    async with AsyncExitStack() as closing:
        base_url = await serve(closing, recordings.routes(None, ""))
        http = await closing.enter_async_context(aiohttp.ClientSession())
        async with http.request(method, base_url + ONE, headers={"Authorization": "Bearer "}) as answer:
            assert answer.status == 401
            assert "no admin token" in (await answer.json())["detail"]


async def test_what_is_not_stored_can_be_neither_made_nor_fetched(server: Server) -> None:
    assert (await server.ask(ONE, "PUT", **MAY)).status == 404
    assert (await server.ask(ONE)).status == 404
    answer = await server.ask("/vod/cat/s1/index.m3u8")
    assert (answer.status, answer.headers["Cache-Control"]) == (404, "max-age=2")


async def test_a_session_without_an_entry_can_be_removed(server: Server) -> None:
    await real_session(4, ended=False).store_in(server.store)
    await server.json(ONE, "DELETE", 202)
    async with asyncio.timeout(PATIENCE_S):
        while await keys_of(server.store, "cat/"):
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("index.m3u8", "application/vnd.apple.mpegurl"),
        ("audio/index.m3u8", "application/vnd.apple.mpegurl"),
        ("720p/init-0.mp4", "video/mp4"),
        ("720p/s1.m4s", "video/mp4"),
        ("720p/iframes.m3u8", "application/vnd.apple.mpegurl"),
        ("720p/i1.m4s", "video/mp4"),
        ("audio/s1.m4s", "audio/mp4"),
        ("recording.mp4", "video/mp4"),
        ("poster.jpg", "image/jpeg"),
        ("thumbnails.vtt", "text/vtt"),
        ("thumbnails-0.jpg", "image/jpeg"),
    ],
)
async def test_each_file_is_served_as_it_is_stored_for_ever_and_to_all_pages(
    server: Server, path: str, content_type: str
) -> None:
    await server.keep()
    answer = await server.ask(f"/vod/cat/s1/{path}")
    assert answer.status == 200
    assert answer.body == await server.store.get(recording_key(CAT, S1, path))
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    etag = answer.headers["ETag"]
    again = await server.ask(f"/vod/cat/s1/{path}", If_None_Match=f'"x", {etag}')
    assert (again.status, again.body, again.headers["ETag"].removeprefix("W/")) == (304, b"", etag.removeprefix("W/"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(("720p/s9.m4s", 404), ("480p/index.m3u8", 404), ("480p/s0.m4s", 404), ("thumbnails-1.jpg", 404)),
        *(("720p/p0.m4s", 400), ("journal-000000.jsonl", 400), ("other.txt", 400)),
    ],
)
async def test_other_files_are_refused(server: Server, path: str, status: int) -> None:
    await server.keep()
    assert (await server.ask(f"/vod/cat/s1/{path}")).status == status


async def test_playlists_are_compressed_for_those_who_take_that(server: Server) -> None:
    await server.keep()
    async with server.http.get(
        f"{server.base_url}/vod/cat/s1/720p/index.m3u8", headers={"Accept-Encoding": "gzip"}
    ) as got:
        assert got.headers["Content-Encoding"] == "gzip"
        assert got.headers["Vary"] == "Accept-Encoding"
        assert await got.read() == await server.store.get("cat/s1/720p/index.m3u8")


@pytest.mark.parametrize("path", ["recording.mp4", "720p/s0.m4s"])
async def test_one_range_of_a_file_can_be_fetched(server: Server, path: str) -> None:
    await server.keep()
    whole = await server.store.get(recording_key(CAT, S1, path))
    url, size = f"/vod/cat/s1/{path}", len(whole)
    for given, start, stop in (("bytes=0-99", 0, 100), ("bytes=100-", 100, size), ("bytes=-7", size - 7, size)):
        answer = await server.ask(url, Range=given)
        assert answer.status == 206
        assert answer.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert answer.body == whole[start:stop]
    behind = await server.ask(url, Range=f"bytes={size}-")
    assert (behind.status, behind.headers["Content-Range"]) == (416, f"bytes */{size}")
    head = await server.ask(url, "HEAD")
    assert (head.status, head.headers["Content-Length"], head.headers["Accept-Ranges"]) == (200, str(size), "bytes")
    changed = await server.ask(url, Range="bytes=0-99", If_Range='"another"')
    assert (changed.status, len(changed.body)) == (200, size)
    same = await server.ask(url, Range="bytes=0-99", If_Range=head.headers["ETag"])
    assert same.status == 206


async def test_a_large_file_is_read_block_by_block_and_only_what_is_asked_for(server: Server) -> None:
    large = await server.keep_large()
    answer = await server.ask("/vod/cat/s1/recording.mp4")
    assert answer.body == large
    starts = range(0, len(large), BLOCK_BYTES)
    assert server.blocks() == [(start, start + BLOCK_BYTES) for start in starts]
    server.store.read.clear()
    inside = BLOCK_BYTES + 5
    answer = await server.ask("/vod/cat/s1/recording.mp4", Range=f"bytes={inside}-{inside + 9}")
    assert answer.body == large[inside : inside + 10]
    assert server.blocks() == [(BLOCK_BYTES, 2 * BLOCK_BYTES)]


async def test_a_viewer_that_leaves_in_the_middle_leaves_nothing_behind(server: Server) -> None:
    large = await server.keep_large(40)
    async with server.http.get(f"{server.base_url}/vod/cat/s1/recording.mp4") as answer:
        await answer.content.readexactly(BLOCK_BYTES)
    async with asyncio.timeout(PATIENCE_S):
        while server.vod._sending:
            await asyncio.sleep(0.001)
    assert len(server.blocks()) < len(large) // BLOCK_BYTES


async def test_equal_requests_are_one_read_and_a_viewer_that_leaves_does_not_end_it(server: Server) -> None:
    await server.keep()
    await server.ask("/vod/cat/s1/index.m3u8")
    server.store.gate.clear()
    server.store.read.clear()
    asked = [asyncio.create_task(server.ask("/vod/cat/s1/720p/s0.m4s")) for _ in range(20)]
    async with asyncio.timeout(PATIENCE_S):
        while not server.store.read:
            await asyncio.sleep(0.001)
    asked[0].cancel()
    await asyncio.gather(asked[0], return_exceptions=True)
    server.store.gate.set()
    answers = await asyncio.gather(*asked[1:])
    assert {answer.status for answer in answers} == {200}
    assert len(server.store.read) < 5  # some may have come after the first read was over


async def test_no_more_large_files_are_sent_at_once_than_are_allowed(server: Server) -> None:
    await server.keep()
    server.vod.max_sending = 0
    answer = await server.ask("/vod/cat/s1/recording.mp4")
    assert (answer.status, answer.headers["Cache-Control"], answer.headers["Retry-After"]) == (503, "no-store", "2")


async def test_pages_of_other_origins_may_ask_for_ranges(server: Server) -> None:
    answer = await server.ask("/vod/cat/s1/recording.mp4", "OPTIONS", Origin="https://example.org")
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "Range" in answer.headers["Access-Control-Allow-Headers"]


async def test_a_node_without_a_lasting_store_says_that_it_keeps_nothing() -> None:
    async with AsyncExitStack() as closing:
        base_url = await serve(closing, [*recordings.routes(None, ADMIN_TOKEN), *vod.routes(None)])
        http = await closing.enter_async_context(aiohttp.ClientSession())
        async with http.get(f"{base_url}/api/recordings") as answer:
            document = await answer.json()
        assert (document["kept"], document["recordings"]) == (False, [])
        assert "store is memory" in document["why"]
        for path in ("/api/recordings/cat/s1", "/vod/cat/s1/index.m3u8"):
            async with http.get(base_url + path) as answer:
                assert answer.status == 404
                assert "store is memory" in (await answer.json())["detail"]
