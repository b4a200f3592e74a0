"""What viewers see when a part of the chain dies."""

import asyncio
import os
import signal
import time
from pathlib import Path
from urllib.parse import urljoin

import aiohttp

from support.e2e_types import OpenPage
from support.pages import both_play, compare_url, wait_for
from support.processes import NodeProcess, children, node, publishing

TOLD_WITHIN_S = 15.0


def open_files(pid: int) -> list[str]:
    """What a process has open, but for TCP connections: browsers and clients keep theirs for the next request."""
    tcp = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
    connections = {f"socket:[{line.split()[9]}]" for line in tcp}
    links = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    return sorted(link.partition(":")[0] for link in links if link not in connections)


async def fetch(url: str) -> str:
    """The text at a URL."""
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        return await response.text()


async def until(claim: str, holds: object, timeout_s: float = 20) -> None:
    """Wait until a function of no arguments returns something true; it may be a coroutine function."""
    assert callable(holds)
    async with asyncio.timeout(timeout_s):
        while True:
            value = holds()
            if await value if asyncio.iscoroutine(value) else value:
                return
            await asyncio.sleep(0.05)
    raise AssertionError(claim)


async def test_a_killed_worker_is_replaced_and_both_players_carry_on(tandem: NodeProcess, open_page: OpenPage) -> None:
    async with publishing("test", tandem.whip("phoenix")):
        viewer = await open_page(compare_url(tandem.base_url, "phoenix"))
        await both_play(viewer)
        worker, waiting = children(tandem.pid)
        os.kill(worker, signal.SIGKILL)
        await both_play(viewer, frames=90)
        assert children(tandem.pid)[0] == waiting
        multivariant = await fetch(tandem.hls("phoenix"))
        media = next(line for line in multivariant.splitlines() if line and not line.startswith("#"))
        assert "#EXT-X-DISCONTINUITY\n" in await fetch(urljoin(tandem.hls("phoenix"), media))


async def test_viewers_of_a_publisher_gone_without_goodbye_are_told_and_everything_is_freed(
    tandem: NodeProcess, open_page: OpenPage
) -> None:
    files_before = open_files(tandem.pid)
    waiting = children(tandem.pid)
    async with publishing("test", tandem.whip("gone")) as publisher:
        viewer = await open_page(compare_url(tandem.base_url, "gone"))
        await both_play(viewer, frames=30)
        publisher.process.kill()
        died = time.monotonic()
        await wait_for(viewer, "s.hls.state === 'ended' && s.whep.state !== 'live'", timeout_s=TOLD_WITHIN_S + 5)
        assert time.monotonic() - died < TOLD_WITHIN_S
        await viewer.close()
    await until("no worker is left but the waiting one", lambda: len(children(tandem.pid)) == len(waiting))
    await until("no socket, pipe or file is left", lambda: open_files(tandem.pid) == files_before)


async def test_a_node_that_is_told_to_stop_ends_its_streams(open_page: OpenPage) -> None:
    async with node() as leaving, publishing("test", leaving.whip("last")):
        viewer = await open_page(compare_url(leaving.base_url, "last"), expect_errors=True)
        await both_play(viewer, frames=30)
        workers = children(leaving.pid)
        leaving.program.process.send_signal(signal.SIGTERM)
        assert await leaving.program.ended() == 0
        assert workers
        assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


async def test_segments_kept_in_a_folder_are_those_that_were_served(tmp_path: Path) -> None:
    async with node("--storage", f"file:{tmp_path}") as keeping:
        async with publishing("test", keeping.whip("kept"), "--seconds", "10") as publisher:
            assert await publisher.ended(timeout_s=60) == 0
        await until("segments of all renditions are in the folder", lambda: len(list(tmp_path.rglob("s*.m4s"))) >= 12)
        assert {path.parent.name for path in tmp_path.rglob("init-*.mp4")} == {"720p", "480p", "360p", "audio"}
    assert list(tmp_path.rglob("*.tmp*")) == []
