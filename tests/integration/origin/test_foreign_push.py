"""Foreign encoders' pushes over real HTTP: who is let in, which session they get, what becomes of what they send."""

import asyncio
import shutil
from base64 import b64encode
from pathlib import Path

import aiohttp
import pytest

from infra.ids import SessionId, StreamName
from origin.hub import Limits
from origin.intake import MAX_LEAD_S
from origin.listed import read
from origin.model import NS_PER_S
from origin.storage.filesystem import FolderStore
from support.cmaf_boxes import Sample, chunk, video_init
from support.cmaf_pusher import Post, made_up_audio, made_up_video
from support.eventually import eventually
from support.origin_media import first_variant
from support.origin_server import ENCODER_TOKEN, TOKEN, OriginServer, origin_server

CAT = StreamName("cat")
FRAME = 3000


def fragment(start: int, frames: int = 10, filler: bytes = b"x") -> bytes:
    """A fragment of 30 fps from a decode time in frames, without styp and prft; a key frame every two seconds."""
    samples = [Sample(filler * 40, FRAME, sync=number % 60 == 0) for number in range(start, start + frames)]
    return chunk(start * FRAME, samples, 1)


def fragments(start: int, count: int) -> list[bytes]:
    return [fragment(start + 10 * index) for index in range(count)]


def push(server: OriginServer, rendition: str, *data: bytes) -> Post:
    """Begin to push as a foreign encoder."""
    post = server.post_to(f"/cmaf/cat/{rendition}", ENCODER_TOKEN)
    post.send(*data)
    return post


async def playlist(server: OriginServer, rendition: str = "720p", query: str = "") -> str:
    """A media playlist of the session that the node chose."""
    async with asyncio.timeout(20):
        while (index := await server.get("/live/cat/index.m3u8")).status != 200:
            await asyncio.sleep(0)
    session = first_variant(index.text).split("/")[0]
    return await server.listed(f"/live/cat/{session}/{rendition}/index.m3u8{query}")


async def test_renditions_that_are_pushed_apart_come_into_one_session() -> None:
    async with origin_server() as server:
        posts = [push(server, name, video_init(height=height)) for name, height in (("720p", 720), ("360p", 360))]
        sound = made_up_audio()
        sound.base_ticks = 0
        posts.append(push(server, "audio", sound.opening()))
        while sum(len(entry.pushes) for entry in server.hub._entries.values()) < 3:
            await asyncio.sleep(0)
        for post in posts[:2]:
            post.send(*fragments(0, 7))
        posts[2].send(*sound.parts(7))
        for name in ("720p", "360p", "audio"):
            listed = read(await playlist(server, name, "?_HLS_msn=1&_HLS_part=0"))
            assert [segment.msn for segment in listed.segments] == [0]
        (stream,) = server.hub.foreign_streams()
        assert (stream.name, stream.opened_ns // NS_PER_S > 1_700_000_000) == (CAT, True)
        for post in posts:
            assert await post.end() == (200, "")
        assert server.hub.foreign_streams() == []
        assert read(await playlist(server)).ended


async def test_each_broadcast_gets_a_session_of_its_own() -> None:
    async with origin_server() as server:
        sessions = set()
        for _ in range(2):
            post = push(server, "720p", video_init(), *fragments(0, 7))
            await playlist(server)
            info = server.hub.session_of(CAT)
            assert info is not None
            sessions.add(info.session)
            await post.end()
        assert len(sessions) == 2


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Authorization": f"Bearer {ENCODER_TOKEN}"}, ""),
        ({"Authorization": f"Basic {b64encode(f'me:{ENCODER_TOKEN}'.encode()).decode()}"}, ""),
        ({}, f"?token={ENCODER_TOKEN}"),
        ({"Authorization": f"Bearer {ENCODER_TOKEN}", "Expect": "100-continue"}, ""),
    ],
)
async def test_a_token_is_taken_in_each_way_that_encoders_can_send_it(headers: dict[str, str], query: str) -> None:
    async with origin_server() as server:
        body = video_init() + b"".join(fragments(0, 7))
        async with server.http.put(f"{server.base_url}/cmaf/cat/720p{query}", data=body, headers=headers) as response:
            assert response.status == 200


@pytest.mark.parametrize("token", ["", "wrong", TOKEN])
@pytest.mark.parametrize("expect", [{}, {"Expect": "100-continue"}])
async def test_without_the_token_nothing_is_read(token: str, expect: dict[str, str]) -> None:
    async with origin_server() as server:
        headers = {"Authorization": f"Bearer {token}", **expect}
        url = f"{server.base_url}/cmaf/cat/720p"
        async with server.http.post(url, data=video_init(), headers=headers) as response:
            assert response.status == 401
            assert response.headers.getall("WWW-Authenticate") == ['Basic realm="encoders"', "Bearer"]
            assert "send the encoder token" in await response.text()
        assert server.hub.foreign_streams() == []


async def test_a_node_without_a_token_takes_nothing() -> None:
    async with origin_server(encoder_token="") as server:
        status, text = await server.post_to("/cmaf/cat/720p?token=", "").end()
        assert status == 401
        assert "it has no encoder token" in text


async def test_a_stream_that_is_published_over_webrtc_is_not_taken() -> None:
    async with origin_server() as server:
        server.hub.open_session(CAT, SessionId("s1"))
        status, text = await push(server, "720p").end()
        assert status == 409
        assert "published over WebRTC" in text


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (video_init() + fragment(0, 30), "-frag_duration 307200"),
        (video_init() + fragment(0) + fragment(5), "the last chunk ends at 30000"),
        (video_init() + fragment(0) + fragment(0), "the last chunk ends at 30000"),
        (video_init() + fragment(0)[:-1], "ends within a box"),
        (video_init() + b"".join(fragments(0, 6)) + fragment(65) + fragment(75), "-force_key_frames"),
        (video_init() + fragment(0) + fragment(10, 6) + fragment(16, 6), "make no part"),
    ],
)
async def test_what_cannot_be_repaired_is_refused_with_what_to_change(body: bytes, complaint: str) -> None:
    async with origin_server() as server:
        status, text = await push(server, "720p", body).end()
        assert status == 422
        assert complaint in text


async def test_an_encoder_that_comes_back_continues_the_session_and_what_it_repeats_is_dropped() -> None:
    async with origin_server() as server:
        first = push(server, "720p", video_init(), *fragments(0, 7))
        await playlist(server, query="?_HLS_msn=1&_HLS_part=0")
        await first.break_off()
        await playlist(server, query="?_HLS_msn=1")
        push(server, "720p", video_init(), *fragments(0, 7), *fragments(120, 7))
        listed = read(await playlist(server, query="?_HLS_msn=3&_HLS_part=0"))
        assert [(each.msn, each.discontinuity) for each in listed.segments] == [(0, False), (1, False), (2, True)]
        assert [len(segment.parts) for segment in listed.segments][1:] == [1, 6]


async def test_an_encoder_whose_node_died_goes_on_with_its_session(tmp_path: Path) -> None:
    live, left = tmp_path / "live", tmp_path / "left"
    async with origin_server(store=FolderStore(live)) as server:
        push(server, "720p", video_init(), *fragments(0, 13))
        await playlist(server, query="?_HLS_msn=2&_HLS_part=0")
        (before,) = server.hub.foreign_streams()
        await eventually(lambda: b"".join(page.read_bytes() for page in live.rglob("journal-*")).count(b"segment") >= 2)
        await asyncio.to_thread(shutil.copytree, live, left, ignore=shutil.ignore_patterns(".unfinished"))
    async with origin_server(store=FolderStore(left)) as server:
        assert server.hub.foreign_streams() == [], "nobody pushes yet"
        assert server.hub.resume(CAT) is None, "it waits for its encoder"
        newest = read(await playlist(server)).segments[-1].msn
        push(server, "720p", video_init(), *fragments(0, 7))
        listed = read(await playlist(server, query=f"?_HLS_msn={newest + 1}"))
        assert [each.msn for each in listed.all_segments if each.discontinuity] == [newest + 1]
        (after,) = server.hub.foreign_streams()
        assert after.session == before.session


async def test_a_push_that_is_faster_than_real_time_is_made_to_wait() -> None:
    async with origin_server() as server:
        push(server, "720p", video_init(), *(part for start in range(0, 600, 60) for part in fragments(start, 6)))
        await playlist(server, query="?_HLS_msn=0")
        (entry,) = server.hub._entries.values()
        (pushed,) = entry.pushes.values()
        while (lead_s := pushed.lead_s) < MAX_LEAD_S:
            await asyncio.sleep(0)
        assert lead_s < MAX_LEAD_S + 0.4


async def test_a_publisher_of_the_node_takes_the_name_over() -> None:
    async with origin_server(Limits()) as server:
        post = push(server, "720p", video_init(), *fragments(0, 7))
        await playlist(server)
        await server.push("720p", made_up_video(), 7)
        assert server.hub.foreign_streams() == []
        with pytest.raises(aiohttp.ClientError):
            await post.answer()
