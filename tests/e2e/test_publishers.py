"""Publishers that are not our page: FFmpeg's WHIP muxer, and `tandem publish` with a real film."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from support.e2e_types import OpenPage
from support.ffmpeg import decode, whip_muxer
from support.film import film_path
from support.pages import both_play, compare_url, stats, wait_for
from support.processes import TANDEM, NodeProcess, node, publishing, running


async def test_ffmpeg_publishes_and_chromium_plays_both_paths(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path], tmp_path: Path
) -> None:
    async with whip_muxer(film_path(), tandem.whip("muxer"), tmp_path):
        viewer = await open_page(compare_url(tandem.base_url, "muxer"))
        await both_play(viewer)
        await wait_for(viewer, "s.whep.width === 640 && s.whep.height === 360")
        await viewer.screenshot(path=image("watch-ffmpeg"))
        await viewer.close()  # before the stream ends: a join that crosses the end is refused, which Chromium logs


async def test_a_film_is_published_watched_and_decoded_without_an_error(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    async with publishing(film_path(), tandem.whip("film"), "--loop"):
        viewer = await open_page(compare_url(tandem.base_url, "film"))
        await both_play(viewer)
        await wait_for(viewer, "s.whep.latency.p50_ms !== null && s.hls.latency.p50_ms !== null")  # by capture clock
        bitrate_bps = (await stats(viewer))["hls"]["bitrate_bps"]
        assert 500_000 < bitrate_bps < 6_000_000, "what a rung and its sound need, not what the line gives"
        await viewer.screenshot(path=image("watch-film"))
        await viewer.close()
        assert await decode(tandem.hls("film"), 8) == (0, "")


async def test_publishing_for_some_seconds_ends_by_itself_and_ends_the_stream(tandem: NodeProcess) -> None:
    async with publishing("test", tandem.whip("short"), "--seconds", "6") as publisher:
        assert await publisher.ended(timeout_s=40) == 0
    async with running(TANDEM, "probe", tandem.whep("short")) as probe:
        assert await probe.ended() == 1


async def test_probe_reports_both_paths_as_json(tandem: NodeProcess) -> None:
    async with publishing("test", tandem.whip("probed")):
        async with running(TANDEM, "probe", tandem.hls("probed"), "--json", "--seconds", "4") as hls:
            await hls.says(lambda line: "}" in line, timeout_s=40)
            assert await hls.ended() == 0
        async with running(TANDEM, "probe", tandem.whep("probed"), "--json", "--seconds", "4") as whep:
            assert await whep.ended() == 0
    report = json.loads("\n".join(hls.lines))
    assert len([rung for rung in report["renditions"] if rung["kind"] == "video"]) == 3
    assert 0 < report["latency_ms"]["p50"] < 5000
    assert report["problems"] == []
    assert json.loads("\n".join(whep.lines))["video"]["frames"] > 60


async def test_every_rung_is_decoded_by_ffmpeg_without_a_complaint(tandem: NodeProcess) -> None:
    async with publishing("test", tandem.whip("rungs")):
        async with running(TANDEM, "probe", tandem.hls("rungs"), "--json", "--seconds", "2") as probe:
            assert await probe.ended(timeout_s=40) == 0
        renditions = json.loads("\n".join(probe.lines))["renditions"]
        results = await asyncio.gather(*(decode(rendition["url"], 4) for rendition in renditions))
        assert results == [(0, "")] * len(renditions)


async def test_a_node_that_was_killed_has_the_publisher_back_when_it_is_there_again() -> None:
    async with AsyncExitStack() as second, node() as first, publishing("test", first.whip("phoenix")) as publisher:
        await publisher.says(lambda line: line.startswith("live"))
        first.program.process.kill()
        await first.program.ended()
        await publisher.says(lambda line: line.startswith("away") and "was lost" in line)
        again = await second.enter_async_context(node(again=first))
        await publisher.says(lambda line: "connected again" in line)
        async with running(TANDEM, "probe", again.whep("phoenix"), "--seconds", "1") as probe:
            assert await probe.ended(timeout_s=40) == 0


async def test_a_publisher_that_is_to_give_up_ends_when_the_node_stays_away() -> None:
    async with node() as serving, publishing("test", serving.whip("late"), "--give-up", "2") as publisher:
        await publisher.says(lambda line: line.startswith("live"))
        serving.program.process.kill()
        assert await publisher.ended(timeout_s=60) == 1
        assert "cannot connect" in publisher.lines[-1]
