"""Real pictures and sound through the origin, judged by FFmpeg and by the rules."""

import io

import av

from infra.ids import RenditionName, SessionId, StreamName
from origin.listed import read
from origin.names import object_key
from origin.playlist_rules import judge
from origin.self_check import Follower, judge_together
from support.cmaf_pusher import made_up_audio, real_audio, real_video
from support.hls_durations import judge_durations
from support.hls_strict import check
from support.origin_server import origin_server

SECONDS = 6


async def test_every_listed_byte_decodes_and_lasts_as_long_as_printed() -> None:
    async with origin_server() as server:
        sources = {"720p": real_video(SECONDS), "audio": real_audio(SECONDS)}
        posts = {name: await server.push(name, source, 1) for name, source in sources.items()}
        followers = {name: Follower() for name in sources}
        media: dict[str, dict[str, bytes]] = {name: {} for name in sources}
        for number in range(1, SECONDS * 3 - 1):
            for name, source in sources.items():
                path = f"/live/cat/s1/{name}"
                posts[name].send(source.next_part())
                text = await server.listed(f"{path}/index.m3u8?_HLS_msn={number // 6}&_HLS_part={number % 6}")
                assert followers[name].see(text) == []
                assert check(text) == []
                for segment in followers[name].last.all_segments:
                    for uri in [segment.uri, *(part.uri for part in segment.parts)]:
                        if uri and uri not in media[name]:
                            media[name][uri] = (await server.get(f"{path}/{uri}")).body
        assert judge_together({name: follower.last for name, follower in followers.items()}) == []
        for name, source in sources.items():
            assert judge_durations(followers[name].last, {"init-0.mp4": source.init}, media[name]) == []
            segments = [media[name][segment.uri] for segment in followers[name].last.segments]
            with av.open(io.BytesIO(source.init + b"".join(segments)), "r") as container:
                frames = sum(1 for _ in container.decode(*container.streams))
            assert frames == len(segments) * 6 * source.samples_per_part
            assert all(
                b"".join(media[name][f"p{n}.m4s"] for n in range(i * 6, i * 6 + 6)) == segment
                for i, segment in enumerate(segments)
            )


async def test_the_pictures_of_a_rendition_decode_one_by_one() -> None:
    async with origin_server() as server:
        source = real_video(SECONDS)
        post = await server.push("720p", source, 7)
        path = "/live/cat/s1/720p"
        held = server.ask(f"{path}/iframes.m3u8?_HLS_msn=1&_HLS_part=0")
        await server.held(1)
        post.send(*source.parts(6))
        assert read((await held).text).segments[-1].uri == "i1.m4s", "parts mean nothing here: the segment is awaited"
        await post.end()
        text = await server.listed(f"{path}/iframes.m3u8")
        listed = read(text)
        assert judge(listed) == []
        assert check(text) == []
        assert [each.uri for each in listed.segments] == ["i0.m4s", "i1.m4s", "i2.m4s"]
        for segment in listed.segments:
            answer = await server.get(f"{path}/{segment.uri}")
            assert (answer.status, answer.headers["Content-Type"]) == (200, "video/mp4")
            with av.open(io.BytesIO(source.init + answer.body), "r") as container:
                (frame,) = container.decode(video=0)
                assert frame.key_frame
                assert frame.time is not None
                assert abs(frame.time - 10 - 2 * segment.msn) < 0.001
        assert (await server.get(f"{path}/i3.m4s")).status == 404
        key = object_key(StreamName("cat"), SessionId("s1"), RenditionName("720p"), "i1.m4s")
        assert await server.store.get(key) == (await server.get(f"{path}/i1.m4s")).body


async def test_sound_has_no_pictures() -> None:
    async with origin_server() as server:
        await server.push("audio", made_up_audio(), 7)
        await server.listed("/live/cat/s1/audio/index.m3u8")
        assert (await server.get("/live/cat/s1/audio/iframes.m3u8")).status == 404
        assert (await server.get("/live/cat/s1/audio/i0.m4s")).status == 404
