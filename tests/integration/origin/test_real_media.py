"""Real pictures and sound through the origin, judged by FFmpeg and by the rules."""

import io

import av

from origin.self_check import Follower, judge_together
from support.cmaf_pusher import real_audio, real_video
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
