"""Blocking reloads and hints over real HTTP; barriers instead of sleeps."""

import asyncio

import pytest

from origin.hub import Limits
from origin.listed import read
from support.cmaf_pusher import made_up_audio, made_up_video
from support.hls_merge import merge, without_version
from support.origin_server import OriginServer, origin_server

LIVE = "/live/cat/s1/720p"


async def playing(server: OriginServer, path: str = f"{LIVE}/index.m3u8") -> None:
    """Wait until a playlist has its first segment."""
    assert (await server.get(path)).status == 200


async def test_a_reload_is_held_until_its_part_is_listed() -> None:
    async with origin_server() as server:
        source = made_up_video()
        post = await server.push("720p", source, 7)
        await playing(server)
        reload = server.ask(f"{LIVE}/index.m3u8?_HLS_msn=1&_HLS_part=1")
        await server.held(1)
        post.send(source.next_part())
        answer = await reload
        assert answer.status == 200
        opened = read(answer.text).open
        assert opened is not None
        assert (opened.msn, len(opened.parts)) == (1, 2)
        assert answer.headers["Cache-Control"] == "max-age=12"


async def test_a_reload_for_a_segment_is_held_until_the_segment_is_whole() -> None:
    async with origin_server() as server:
        source = made_up_video()
        post = await server.push("720p", source, 7)
        await playing(server)
        reload = server.ask(f"{LIVE}/index.m3u8?_HLS_msn=1")
        await server.held(1)
        post.send(*source.parts(5))
        await playing(server, f"{LIVE}/index.m3u8?_HLS_msn=1&_HLS_part=5")
        assert not reload.done()
        post.send(source.next_part())
        assert [segment.msn for segment in read((await reload).text).segments] == [0, 1]


async def test_a_part_beyond_a_whole_segment_means_the_first_of_the_next() -> None:
    async with origin_server() as server:
        source = made_up_video()
        post = await server.push("720p", source, 7)
        await playing(server)
        assert (await server.get(f"{LIVE}/index.m3u8?_HLS_msn=0&_HLS_part=6")).status == 200
        reload = server.ask(f"{LIVE}/index.m3u8?_HLS_msn=2&_HLS_part=0")
        await server.held(1)
        post.send(*source.parts(6))
        assert (await reload).status == 200


@pytest.mark.parametrize(
    "query",
    [
        "_HLS_msn=4",
        "_HLS_msn=1&_HLS_part=20",
        "_HLS_part=1",
        "_HLS_msn=-1",
        "_HLS_msn=18446744073709551616",
        "_HLS_msn=x",
    ],
)
async def test_a_request_that_cannot_be_meant_is_refused_at_once(query: str) -> None:
    async with origin_server() as server:
        await server.push("720p", made_up_video(), 7)
        await playing(server)
        answer = await server.get(f"{LIVE}/index.m3u8?{query}")
        assert answer.status == 400
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"] == "max-age=8"


async def test_a_plain_request_waits_for_a_whole_segment_because_players_refuse_a_list_without() -> None:
    async with origin_server() as server:
        source = made_up_video()
        post = await server.push("720p", source, 1)
        assert (await server.get("/live/cat/index.m3u8")).status == 200
        plain = server.ask(f"{LIVE}/index.m3u8")
        await server.held(1)
        post.send(*source.parts(6))
        answer = await plain
        assert len(read(answer.text).segments) == 1
        assert answer.headers["Cache-Control"] == "max-age=1"


async def test_the_hinted_part_is_held_and_then_sent_whole() -> None:
    async with origin_server() as server:
        source = made_up_video()
        post = await server.push("720p", source, 7)
        await playing(server)
        hinted = server.ask(f"{LIVE}/p7.m4s")
        await server.held(1)
        part = source.next_part()
        post.send(part[:50])
        post.send(part[50:])
        answer = await hinted
        assert (answer.status, answer.body) == (200, part)
        assert answer.headers["Content-Type"] == "video/mp4"
        assert (await server.get(f"{LIVE}/p7.m4s")).body == part


@pytest.mark.parametrize("file", ["p99.m4s", "s1.m4s", "s99.m4s", "init-1.mp4"])
async def test_what_was_never_hinted_is_not_found_at_once(file: str) -> None:
    async with origin_server() as server:
        await server.push("720p", made_up_video(), 7)
        await playing(server)
        answer = await server.get(f"{LIVE}/{file}")
        assert answer.status == 404
        assert answer.headers["Cache-Control"] == "max-age=2"


async def test_a_hint_that_cannot_come_true_is_given_up_at_once() -> None:
    async with origin_server() as server:
        source = made_up_video()
        post = await server.push("720p", source, 8)
        await playing(server)
        await server.listed(f"{LIVE}/index.m3u8?_HLS_msn=1&_HLS_part=1")
        hinted = server.ask(f"{LIVE}/p8.m4s")
        await server.held(1)
        source.index += 1  # one part is lost on the way here
        post.send(source.next_part())
        assert (await hinted).status == 404
        listed = read(await server.listed(f"{LIVE}/index.m3u8?_HLS_msn=1&_HLS_part=3"))
        assert listed.open is not None
        assert [part.gap for part in listed.open.parts] == [False, False, True, False]
        assert (await server.get(f"{LIVE}/p8.m4s")).status == 404
        assert (await server.get(f"{LIVE}/p9.m4s")).status == 200


async def test_the_end_releases_everybody() -> None:
    """Reloads get the list with its end, hints are given up."""
    async with origin_server() as server:
        post = await server.push("720p", made_up_video(), 7)
        await playing(server)
        reload, hinted = server.ask(f"{LIVE}/index.m3u8?_HLS_msn=1&_HLS_part=3"), server.ask(f"{LIVE}/p7.m4s")
        await server.held(2)
        assert await post.end() == (200, "")
        answer = await reload
        assert answer.status == 200
        assert read(answer.text).ended
        assert (await hinted).status == 404
        assert server.hub.held == 0
        for query in ("_HLS_msn=99&_HLS_part=99&_HLS_skip=YES", "_HLS_part=1", "_HLS_msn=x"):
            late = await server.get(f"{LIVE}/index.m3u8?{query}")
            assert (late.status, late.body) == (200, answer.body), "after the end directives are ignored"


async def test_a_request_that_nothing_satisfies_is_answered_503_in_time() -> None:
    assert Limits().hold_targets == 3
    async with origin_server(Limits(hold_targets=0.01)) as server:
        await server.push("720p", made_up_video(), 7)
        await playing(server)
        answer = await server.get(f"{LIVE}/index.m3u8?_HLS_msn=1&_HLS_part=3")
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["Cache-Control"] == "no-store"
        assert (await server.get(f"{LIVE}/p7.m4s")).status == 503


async def test_those_who_have_the_older_segments_are_sent_what_is_new() -> None:
    async with origin_server() as server:
        source = made_up_video()
        post = await server.push("720p", source, 6 * 9)
        await playing(server)
        for msn in range(8):
            await server.listed(f"{LIVE}/index.m3u8?_HLS_msn={msn}")
        before = await server.listed(f"{LIVE}/index.m3u8?_HLS_msn=8&_HLS_part=5")
        whole = server.ask(f"{LIVE}/index.m3u8?_HLS_msn=9&_HLS_part=0")
        updates = [server.ask(f"{LIVE}/index.m3u8?_HLS_msn=9&_HLS_part=0&_HLS_skip={skip}") for skip in ("YES", "v2")]
        await server.held(3)
        post.send(source.next_part())
        for update in await asyncio.gather(*updates):
            assert "#EXT-X-SKIP:SKIPPED-SEGMENTS=2" in update.text
            assert without_version(merge(before, update.text)) == without_version((await whole).text)
            assert update.headers["Cache-Control"] == "max-age=12"


@pytest.mark.parametrize("query", ["_HLS_skip=YES", "_HLS_later=1", "_HLS_skip=v99"])
async def test_what_does_not_wait_is_cached_no_longer_than_a_plain_answer(query: str) -> None:
    async with origin_server() as server:
        await server.push("720p", made_up_video(), 7)
        await playing(server)
        answer = await server.get(f"{LIVE}/index.m3u8?{query}")
        assert answer.body == (await server.get(f"{LIVE}/index.m3u8")).body
        assert answer.headers["Cache-Control"] == "max-age=1"


async def test_too_many_held_requests_are_refused() -> None:
    async with origin_server(Limits(held=3)) as server:
        source = made_up_video()
        post = await server.push("720p", source, 7)
        await playing(server)
        held = [server.ask(f"{LIVE}/p7.m4s") for _ in range(3)]
        await server.held(3)
        assert (await server.get(f"{LIVE}/p7.m4s")).status == 503
        post.send(source.next_part())
        assert [answer.status for answer in await asyncio.gather(*held)] == [200] * 3


async def test_five_hundred_held_reloads_get_the_same_bytes_written_once() -> None:
    async with origin_server(Limits(hold_targets=30)) as server:
        video, sound = made_up_video(), made_up_audio()
        post = await server.push("720p", video, 7)
        await server.push("audio", sound, 7)
        await playing(server)
        await playing(server, "/live/cat/s1/audio/index.m3u8")
        reloads = [server.ask(f"{LIVE}/index.m3u8?_HLS_msn=1&_HLS_part=1") for _ in range(500)]
        await server.held(500)
        post.send(video.next_part())
        answers = await asyncio.gather(*reloads)
        assert {answer.status for answer in answers} == {200}
        assert len({answer.body for answer in answers}) == 1
        assert server.hub.held == 0
