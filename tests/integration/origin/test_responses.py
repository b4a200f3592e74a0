"""What an answer says about itself, on every route, good and refused."""

import gzip

import brotli
import pytest

from support.cmaf_pusher import made_up_audio, made_up_video
from support.origin_server import OriginServer, origin_server

LIVE = "/live/cat/s1/720p"
PLAYLISTS = [
    "/live/cat/index.m3u8",
    *(f"{LIVE}/{file}" for file in ("index.m3u8", "index.m3u8?_HLS_msn=0", "iframes.m3u8")),
]
MEDIA = [f"{LIVE}/init-0.mp4", f"{LIVE}/s0.m4s", f"{LIVE}/i0.m4s", f"{LIVE}/p6.m4s", "/live/cat/s1/audio/s0.m4s"]
REFUSED = [
    ("/live/dog/index.m3u8", 404, "max-age=1"),
    ("/live/.cat/index.m3u8", 400, "max-age=1"),
    (f"{LIVE}/index.m3u8?_HLS_part=1", 400, "max-age=8"),
    ("/live/cat/s1/480p/index.m3u8", 404, "max-age=2"),
    ("/live/cat/s9/720p/index.m3u8?_HLS_msn=1", 404, "max-age=8"),
    (f"{LIVE}/s99.m4s", 404, "max-age=2"),
    (f"{LIVE}/else.txt", 400, "max-age=2"),
]


async def playing(server: OriginServer) -> None:
    """Two renditions with a whole segment and a part each."""
    await server.push("720p", made_up_video(), 7)
    await server.push("audio", made_up_audio(), 7)
    for name in ("720p", "audio"):
        await server.listed(f"/live/cat/s1/{name}/index.m3u8?_HLS_msn=1&_HLS_part=0")


@pytest.mark.parametrize("path", PLAYLISTS)
async def test_a_playlist_comes_in_the_coding_that_was_asked_for(path: str) -> None:
    async with origin_server() as server:
        await playing(server)
        plain = await server.get(path, Accept_Encoding="identity")
        assert "Content-Encoding" not in plain.headers
        small = await server.get(path, Accept_Encoding="gzip;q=0.9, br;q=0.1")
        assert small.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(small.body) == plain.body
        smaller = await server.get(path, Accept_Encoding="gzip, deflate, br")
        assert smaller.headers["Content-Encoding"] == "br"
        assert brotli.decompress(smaller.body) == plain.body
        for answer in (plain, small, smaller):
            assert answer.headers["Vary"] == "Accept-Encoding"
            assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
            assert int(answer.headers["Content-Length"]) == len(answer.body)
        assert len({answer.headers["ETag"] for answer in (plain, small, smaller)}) == 3


async def test_playlists_are_more_urgent_than_media() -> None:
    async with origin_server() as server:
        await playing(server)
        assert {(await server.get(path)).headers["Priority"] for path in PLAYLISTS} == {"u=1"}
        assert {(await server.get(path)).headers["Priority"] for path in MEDIA} == {"u=3"}


@pytest.mark.parametrize("path", [*PLAYLISTS, *MEDIA])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_a_viewer_holds_is_not_sent_again(path: str, method: str) -> None:
    async with origin_server() as server:
        await playing(server)
        first = await server.get(path, Accept_Encoding="gzip")
        again = await server.get(path, method, Accept_Encoding="gzip", If_None_Match=first.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
        for name in ("ETag", "Cache-Control", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"):
            assert again.headers[name] == first.headers[name]
        assert again.headers.get("Vary") == first.headers.get("Vary")
        assert "Date" in again.headers
        other = await server.get(path, method, Accept_Encoding="gzip", If_None_Match='"other"')
        assert other.status == 200


@pytest.mark.parametrize("path", [*PLAYLISTS, *MEDIA])
async def test_a_head_says_what_a_get_would(path: str) -> None:
    async with origin_server() as server:
        await playing(server)
        whole, head = await server.get(path), await server.get(path, "HEAD")
        assert (head.status, head.body) == (200, b"")
        assert {**head.headers, "Date": ""} == {**whole.headers, "Date": ""}


@pytest.mark.parametrize("path", MEDIA)
async def test_a_range_is_sent_only_of_what_the_viewer_began_to_load(path: str) -> None:
    async with origin_server() as server:
        await playing(server)
        whole = await server.get(path)
        size, etag = len(whole.body), whole.headers["ETag"]
        assert whole.headers["Accept-Ranges"] == "bytes"
        assert whole.headers["Content-Type"] == ("audio/mp4" if "audio" in path else "video/mp4")
        part = await server.get(path, Range="bytes=10-19", If_Range=etag)
        assert (part.status, part.body) == (206, whole.body[10:20])
        assert part.headers["Content-Range"] == f"bytes 10-19/{size}"
        tail = await server.get(path, Range="bytes=-7")
        assert (tail.status, tail.body) == (206, whole.body[-7:])
        rest = await server.get(path, Range="bytes=3-")
        assert (rest.status, rest.body) == (206, whole.body[3:])
        changed = await server.get(path, Range="bytes=10-19", If_Range='"other"')
        assert (changed.status, changed.body) == (200, whole.body)
        beyond = await server.get(path, Range=f"bytes={size}-")
        assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{size}")
        assert beyond.headers["Cache-Control"] == "max-age=2"


@pytest.mark.parametrize(("path", "status", "caching"), REFUSED)
async def test_a_refusal_may_be_read_by_pages_and_kept_by_caches(path: str, status: int, caching: str) -> None:
    async with origin_server() as server:
        await playing(server)
        answer = await server.get(path)
        assert answer.status == status
        assert answer.headers["Cache-Control"] == caching
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_pages_of_other_origins_may_read_what_players_need() -> None:
    async with origin_server() as server:
        await playing(server)
        for path in (*PLAYLISTS, *MEDIA, f"{LIVE}/s99.m4s"):
            exposed = (await server.get(path)).headers["Access-Control-Expose-Headers"]
            assert {"Age", "Date", "ETag", "Content-Range", "Content-Length"} <= set(exposed.split(", "))
