"""What viewers get over real HTTP, and how pushes live and die."""

import asyncio
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import generate_latest

from infra.ids import SessionId, StreamName
from infra.settings import Settings
from origin.hub import Limits
from origin.listed import read
from origin.multivariant_rules import judge_multivariant
from origin.storage.filesystem import FolderStore
from support.cmaf_boxes import Sample, chunk, styp, video_init
from support.cmaf_pusher import made_up_audio, made_up_video
from support.hls_strict import check
from support.origin_server import OriginServer, origin_server

LIVE = "/live/cat/s1/720p"
CAT = StreamName("cat")


async def until_listed(server: OriginServer, path: str = LIVE, query: str = "") -> str:
    """The playlist once it has what the query asks for."""
    return await server.listed(f"{path}/index.m3u8{query}")


async def test_the_multivariant_waits_until_every_rendition_can_be_played() -> None:
    async with origin_server() as server:
        video, sound = made_up_video(), made_up_audio()
        posts = [await server.push("720p", video, 0), await server.push("audio", sound, 0)]
        index = server.ask("/live/cat/index.m3u8")
        await server.held(1)
        posts[0].send(video.next_part())
        posts[1].send(sound.next_part())
        answer = await index
        assert judge_multivariant(answer.text) == []
        assert check(answer.text) == []
        info = server.hub.session_of(CAT)
        assert info is not None
        assert info.playable
        assert [(each.name, each.kind, each.height) for each in info.renditions] == [
            ("720p", "video", 720),
            ("audio", "audio", 0),
        ]


async def test_a_stream_that_is_not_live_is_not_found_and_says_when_to_ask_again() -> None:
    async with origin_server() as server:
        answer = await server.get("/live/cat/index.m3u8")
        assert (answer.status, answer.headers["Retry-After"]) == (404, "1")
        assert server.hub.session_of(CAT) is None


async def test_a_session_that_ends_empty_releases_who_waits_for_it() -> None:
    async with origin_server() as server:
        server.hub.open_session(CAT, SessionId("s1"))
        index = server.ask("/live/cat/index.m3u8")
        await server.held(1)
        post = await server.push("720p", made_up_video(), 0)
        await post.end()
        assert (await index).status == 404
        assert (await server.get("/live/cat/index.m3u8")).status == 404
        assert (await server.get(f"{LIVE}/index.m3u8")).status == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/live/.cat/index.m3u8", 400),
        ("/live/cat/s1/720p/x.m4s", 400),
        ("/live/cat/s1/720p/other.m3u8", 400),
        ("/live/cat/-/720p/index.m3u8", 400),
        ("/live/cat/s2/720p/index.m3u8", 404),
        ("/live/cat/s1/480p/index.m3u8", 404),
        ("/live/cat/s1/480p/p0.m4s", 404),
        ("/live/cat/s1/480p/s0.m4s", 404),
        ("/live/cat/s1/480p/init-0.mp4", 404),
    ],
)
async def test_addresses_that_mean_nothing_are_refused(path: str, status: int) -> None:
    async with origin_server() as server:
        await server.push("720p", made_up_video(), 7)
        await until_listed(server)
        answer = await server.get(path)
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


async def test_media_is_sent_whole_or_in_a_range() -> None:
    async with origin_server() as server:
        source = made_up_video()
        again = made_up_video()
        segment = b"".join(again.parts(6))
        await server.push("720p", source, 7)
        await until_listed(server)
        whole = await server.get(f"{LIVE}/s0.m4s")
        assert (whole.status, whole.body) == (200, segment)
        assert whole.headers["Accept-Ranges"] == "bytes"
        assert whole.headers["Cache-Control"] == "max-age=12"
        part = await server.get(f"{LIVE}/s0.m4s", Range="bytes=10-19")
        assert (part.status, part.body) == (206, segment[10:20])
        assert part.headers["Content-Range"] == f"bytes 10-19/{len(segment)}"
        beyond = await server.get(f"{LIVE}/s0.m4s", Range=f"bytes={len(segment)}-")
        assert (beyond.status, beyond.headers["Content-Range"]) == (416, f"bytes */{len(segment)}")
        head = await server.get(f"{LIVE}/s0.m4s", "HEAD")
        assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(segment)))
        init = await server.get(f"{LIVE}/init-0.mp4")
        assert (init.body, init.headers["Content-Type"]) == (source.init, "video/mp4")


async def test_pages_of_other_origins_may_ask() -> None:
    async with origin_server() as server:
        for path in ("/live/cat/index.m3u8", f"{LIVE}/s0.m4s"):
            answer = await server.get(path, "OPTIONS")
            assert answer.status == 200
            assert "Range" in answer.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("token", ["", "wrong", "push-token-and-more"])
async def test_a_push_without_the_token_is_refused(token: str) -> None:
    async with origin_server() as server:
        post = server.post("720p", token=token)
        assert (await post.end())[0] == 401
        assert server.hub.session_of(CAT) is None


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"not a box at all, is it?", "refused: allowed are 8 to"),
        (video_init() + styp() + chunk(0, [Sample(b"x", 90_000)]), "a part is at most 0.341 s"),
        (chunk(0, [Sample(b"x", 3000)]), "must come first"),
    ],
)
async def test_a_push_of_something_else_is_refused_with_one_sentence(body: bytes, complaint: str) -> None:
    async with origin_server() as server:
        post = server.post("720p")
        post.send(body)
        status, text = await post.end()
        assert status == 422
        assert complaint in text


async def test_names_that_are_none_are_refused() -> None:
    async with origin_server() as server:
        assert (await server.post("720p", stream=".cat").end())[0] == 400


async def test_an_interruption_is_one_discontinuity_in_all_renditions() -> None:
    async with origin_server() as server:
        video, sound = made_up_video(), made_up_audio()
        posts = [await server.push("720p", video, 9), await server.push("audio", sound, 9)]
        await until_listed(server, query="?_HLS_msn=1&_HLS_part=2")
        await until_listed(server, "/live/cat/s1/audio", "?_HLS_msn=1&_HLS_part=2")
        for post in posts:
            await post.break_off()
        await until_listed(server, query="?_HLS_msn=1")
        await until_listed(server, "/live/cat/s1/audio", "?_HLS_msn=1")
        video.index = sound.index = 18
        await server.push("720p", video, 1)
        await server.push("audio", sound, 1)
        for name in ("720p", "audio"):
            opened = read(await until_listed(server, f"/live/cat/s1/{name}", "?_HLS_msn=2&_HLS_part=0")).open
            assert opened is not None
            assert (opened.msn, opened.discontinuity, opened.discontinuity_sequence) == (2, True, 1)


async def test_a_second_push_of_a_rendition_takes_the_place_of_the_first() -> None:
    async with origin_server() as server:
        source = made_up_video()
        first = await server.push("720p", source, 7)
        await until_listed(server)
        source.index = 12
        await server.push("720p", source, 7)
        listed = read(await until_listed(server, query="?_HLS_msn=2"))
        assert [(each.msn, each.discontinuity) for each in listed.segments] == [(0, False), (1, False), (2, True)]
        with pytest.raises(aiohttp.ClientError):
            await first.answer()


async def test_an_interrupted_session_ends_when_nobody_returns() -> None:
    async with origin_server(Limits(return_s=0.01)) as server:
        post = await server.push("720p", made_up_video(), 7)
        await until_listed(server)
        reload = server.ask(f"{LIVE}/index.m3u8?_HLS_msn=2&_HLS_part=0")
        await server.held(1)
        await post.break_off()
        assert read((await reload).text).ended
        assert server.hub.session_of(CAT) is None


async def test_a_session_nobody_pushes_into_ends() -> None:
    async with origin_server(Limits(first_push_s=0.01)) as server:
        server.hub.open_session(CAT, SessionId("s1"))
        index = server.ask("/live/cat/index.m3u8")
        assert (await index).status == 404
        assert server.hub.session_of(CAT) is None


async def test_a_push_that_falls_silent_is_an_interruption() -> None:
    async with origin_server(silence_s=0.05) as server:
        post = await server.push("720p", made_up_video(), 7)
        listed = read(await until_listed(server, query="?_HLS_msn=1"))
        assert [len(segment.parts) for segment in listed.segments] == [6, 1]
        with pytest.raises(aiohttp.ClientError):
            await post.answer()


async def test_a_new_session_replaces_the_old_one_and_its_pushes_stop() -> None:
    async with origin_server() as server:
        old = await server.push("720p", made_up_video(), 7)
        await until_listed(server)
        await server.push("720p", made_up_video(), 7, session="s2")
        await until_listed(server, "/live/cat/s2/720p")
        assert "s2/720p" in await server.listed("/live/cat/index.m3u8")
        assert read(await until_listed(server)).ended, "the old session is still served, with its end"
        with pytest.raises(aiohttp.ClientError):
            await old.answer()
        late = server.post("720p")
        assert (await late.end())[0] == 409


async def test_a_forgotten_session_never_comes_back() -> None:
    async with origin_server(Limits(sessions=1)) as server:
        post = await server.push("720p", made_up_video(), 7)
        await until_listed(server)
        assert (await server.post("720p", stream="dog").end())[0] == 503
        await post.end()
        server.hub.open_session(StreamName("dog"), SessionId("d1"))
        assert (await server.get(f"{LIVE}/index.m3u8")).status == 404
        assert (await server.post("720p").end())[0] == 409


async def test_an_ended_session_is_forgotten_after_a_while() -> None:
    async with origin_server() as server:
        server.hub._linger_s = 0.01
        post = await server.push("720p", made_up_video(), 7)
        await until_listed(server)
        assert 'tandem_origin_parts_total{stream="cat"}' in generate_latest().decode()
        await post.end()
        while (await server.get("/live/cat/index.m3u8")).status == 200:
            await asyncio.sleep(0)
        assert not server.hub._entries
        assert 'stream="cat"' not in generate_latest().decode()


async def test_with_leading_gaps_the_first_segment_is_waited_for_all_the_same() -> None:
    async with origin_server(settings=Settings(leading_gaps=6)) as server:
        source = made_up_video()
        post = await server.push("720p", source, 1)
        await server.get("/live/cat/index.m3u8")
        first = server.ask(f"{LIVE}/index.m3u8")
        await server.held(1)
        post.send(*source.parts(6))
        listed = read((await first).text)
        assert [segment.gap for segment in listed.segments] == [True] * 5 + [False]
        assert (await server.get(f"{LIVE}/{listed.segments[0].uri}")).status == 404
        assert (await server.get(f"{LIVE}/{listed.segments[-1].uri}")).status == 200


async def test_finished_media_reaches_the_store(tmp_path: Path) -> None:
    async with origin_server(store=FolderStore(tmp_path)) as server:
        source = made_up_video()
        post = await server.push("720p", source, 8)
        await until_listed(server)
        await post.end()
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    media = [f"cat/s1/720p/{name}" for name in ("i0.m4s", "i1.m4s", "init-0.mp4", "s0.m4s", "s1.m4s")]
    assert files == [*media, "cat/s1/journal-000000.jsonl"]
    again = made_up_video()
    assert (tmp_path / files[3]).read_bytes() == b"".join(again.parts(6))
    assert (tmp_path / files[4]).read_bytes() == b"".join(again.parts(2))


async def test_a_stream_of_which_nothing_is_kept_is_served_and_not_stored(tmp_path: Path) -> None:
    settings = Settings(retention=("cat=nothing",))
    async with origin_server(store=FolderStore(tmp_path), settings=settings) as server:
        post = await server.push("720p", made_up_video(), 8)
        await until_listed(server)
        await post.end()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
