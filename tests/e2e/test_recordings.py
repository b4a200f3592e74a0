"""A broadcast of a real film becomes a recording that other programs play, wherever its files lie."""

import asyncio
import os
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from origin.multivariant_rules import judge_multivariant
from support.accessibility import grave_issues
from support.e2e_types import OpenPage
from support.ffmpeg import decode
from support.film import film_path
from support.hls_strict import check
from support.pages import wait_for
from support.processes import ROOT, NodeProcess, node, publishing
from support.static_server import static_server

LENGTH_S = 12
PATIENCE_S = 90.0
PLAYER = """<!doctype html><title>plain</title><video id="video" muted width="640" height="360"></video>
<script src="hls.min.js"></script>
<script>
  const video = document.getElementById("video");
  window.errors = [];
  window.hls = new Hls();
  hls.on(Hls.Events.ERROR, (_event, { details }) => details === "aborted" || errors.push(details)); // by a seek
  hls.loadSource("tree/index.m3u8");
  hls.attachMedia(video);
</script>
"""


@dataclass
class Recorded:
    """A node that keeps recordings, its folder, and the recording of a film."""

    node: NodeProcess
    folder: Path
    told: dict[str, Any]

    @property
    def tree(self) -> Path:
        """The recording's own files."""
        return self.folder / str(self.told["stream"]) / str(self.told["session"])

    def url(self, name: str) -> str:
        """Where the node serves a file."""
        return f"{self.node.base_url}{self.told[name]}"


async def recordings_of(base_url: str) -> list[dict[str, Any]]:
    async with aiohttp.ClientSession() as http, http.get(f"{base_url}/api/recordings") as answer:
        return list((await answer.json())["recordings"])


async def until(base_url: str, claim: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The only recording, as soon as a claim over it holds."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for told in await recordings_of(base_url):
                if claim(told):
                    return told
            await asyncio.sleep(0.01)


async def publish_film(serving: NodeProcess, stream: str, seconds: int) -> None:
    async with publishing(film_path(), serving.whip(stream), "--loop", "--seconds", str(seconds)) as publisher:
        assert await publisher.ended(seconds + 60) == 0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def recorded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Recorded]:
    """A film, published and recorded once for all tests of this module."""
    folder = tmp_path_factory.mktemp("media")
    async with node("--storage", f"file:{folder}") as serving:
        await publish_film(serving, "film", LENGTH_S)
        told = await until(serving.base_url, lambda told: told["state"] == "ready")
        yield Recorded(serving, folder, told)


async def test_every_playlist_is_accepted_by_strict_readers(recorded: Recorded) -> None:
    index = (recorded.tree / "index.m3u8").read_text()
    assert judge_multivariant(index) == []
    playlists = list(recorded.tree.rglob("*.m3u8"))
    assert len(playlists) == 8  # four renditions, the I-frames of three, and the one of all
    for path in playlists:
        assert check(path.read_text()) == []
        assert "#EXT-X-PLAYLIST-TYPE:VOD" in path.read_text() or path.parent == recorded.tree


async def test_ffmpeg_decodes_all_of_it_without_a_complaint_from_the_node_and_from_the_folder(
    recorded: Recorded,
) -> None:
    for source in (recorded.url("hls"), recorded.url("mp4"), str(recorded.tree / "recording.mp4")):
        assert await decode(source, LENGTH_S) == (0, "")


async def test_a_copy_plays_from_a_plain_server_with_seeking_and_thumbnails(
    recorded: Recorded, open_page: OpenPage, tmp_path: Path
) -> None:
    shutil.copytree(recorded.tree, tmp_path / "tree")
    shutil.copy(ROOT / "player/node_modules/hls.js/dist/hls.min.js", tmp_path)
    (tmp_path / "player.html").write_text(PLAYER)
    async with AsyncExitStack() as closing:
        base_url = await closing.enter_async_context(static_server(tmp_path))
        page = await open_page(f"{base_url}/player.html", expect_errors=True)
        await page.wait_for_function("video.readyState >= 3 && hls.levels.length === 3", timeout=60_000)
        duration_s = await page.evaluate("video.duration")
        assert duration_s == pytest.approx(recorded.told["duration_ms"] / 1000, abs=0.5)  # tracks end a part apart
        await page.evaluate("video.play()")
        for seconds in (duration_s - 3, 2, duration_s / 2):
            await page.evaluate(f"video.currentTime = {seconds}")
            await page.wait_for_function(
                f"!video.seeking && video.currentTime > {seconds} + 0.3 && video.currentTime < {seconds} + 3",
                timeout=60_000,
            )
        await page.evaluate(f"video.currentTime = {duration_s} - 1")
        await page.wait_for_function("video.ended", timeout=60_000)
        assert await page.evaluate("errors") == []
        cues = await page.evaluate("fetch('tree/thumbnails.vtt').then((answer) => answer.text())")
        places = [line for line in cues.splitlines() if "#xywh=" in line]
        assert len(places) >= LENGTH_S // 2
        right, bottom = _extent(places)
        size = await page.evaluate(
            "new Promise((done, failed) => { const sheet = new Image(); sheet.onerror = failed;"
            " sheet.onload = () => done([sheet.naturalWidth, sheet.naturalHeight]);"
            " sheet.src = 'tree/thumbnails-0.jpg'; })"
        )
        assert size == [right, bottom]


def _extent(places: list[str]) -> tuple[int, int]:
    boxes = [list(map(int, place.partition("#xywh=")[2].split(","))) for place in places]
    return max(left + width for left, _, width, _ in boxes), max(top + height for _, top, _, height in boxes)


async def test_the_mp4_file_is_sought_in_by_ranges(recorded: Recorded, open_page: OpenPage, tmp_path: Path) -> None:
    (tmp_path / "player.html").write_text(
        f'<!doctype html><title>mp4</title><video id="video" muted preload="auto" src="{recorded.url("mp4")}"></video>'
    )
    async with static_server(tmp_path) as base_url:
        page = await open_page(f"{base_url}/player.html", expect_errors=True)
        await page.wait_for_function("video.readyState >= 3", timeout=60_000)
        longer_s = await page.evaluate("video.duration") - recorded.told["duration_ms"] / 1000
        assert -0.2 <= longer_s <= 2  # the sound may go on for less than a target duration
        await page.evaluate("video.currentTime = 8; video.play()")
        await page.wait_for_function("!video.seeking && video.currentTime > 8.3", timeout=60_000)
        assert await page.evaluate("[video.videoWidth, video.videoHeight]") == [1280, 720]


async def test_the_page_lists_it_plays_it_and_shows_where_one_would_land(
    recorded: Recorded, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    page = await open_page(f"{recorded.node.base_url}/recordings")
    await page.get_by_role("button", name="Play").click()
    await wait_for(page, "s.duration > 5 && s.tiles > 3")
    bar = page.get_by_role("slider", name="Position")
    await bar.hover()
    await wait_for(page, "s.tile === '0:05' || s.tile === '0:06'")
    await bar.click()
    await wait_for(page, "!s.seeking && Math.abs(s.currentTime - s.duration / 2) < 1")
    assert await grave_issues(page) == []
    await page.screenshot(path=image("recordings"), full_page=True)


async def test_a_node_that_is_killed_at_work_makes_the_recording_when_it_is_started_again(tmp_path: Path) -> None:
    storage = ("--storage", f"file:{tmp_path / 'media'}")
    async with node(*storage) as serving:
        await publish_film(serving, "film", 4)
        before = await until(serving.base_url, lambda told: told["state"] in {"waiting", "working"})
        os.kill(serving.pid, signal.SIGKILL)
        await serving.program.ended()
    async with node(*storage) as serving:
        told = await until(serving.base_url, lambda told: told["state"] == "ready")
        assert told["session"] == before["session"]
        assert await decode(f"{serving.base_url}{told['mp4']}", 4) == (0, "")


async def test_a_broadcast_that_a_killed_node_cut_off_becomes_a_recording_of_what_was_stored(tmp_path: Path) -> None:
    folder = tmp_path / "media"
    storage = ("--storage", f"file:{folder}", "--recovery-grace-s", "0")
    async with node(*storage) as serving, publishing(film_path(), serving.whip("film"), "--loop", "--seconds", "60"):
        async with asyncio.timeout(PATIENCE_S):
            while not list(folder.glob("film/*/720p/s3.m4s")):
                await asyncio.sleep(0.05)
        os.kill(serving.pid, signal.SIGKILL)
        await serving.program.ended()
    async with node(*storage) as serving:
        told = await until(serving.base_url, lambda told: told["state"] == "ready")
        assert told["duration_ms"] > 5000
        for path in (folder / "film" / told["session"]).rglob("*.m3u8"):
            assert check(path.read_text()) == []
        for url in (told["hls"], told["mp4"]):
            assert await decode(f"{serving.base_url}{url}", 5) == (0, "")
