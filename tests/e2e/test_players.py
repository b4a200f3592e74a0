"""Players of other projects play what is served: three in Chromium, with low latency."""

import asyncio
import statistics
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page

from support.certificates import browser_that_trusts
from support.eventually import until_listed
from support.pages import stats, wait_for
from support.processes import free_port, node, obeyed, publishing

FOLDER = Path(__file__).parents[1] / "support" / "hls_players"
PLAYERS = ("hls.js", "shaka", "video.js")
HOLD_BACK_S = 6.0  # of ordinary HLS, in the profile `standard`
SMOOTH_S = 10.0
LOOKS = 20


@asynccontextmanager
async def players_page() -> AsyncIterator[str]:
    """Address of the page that holds a player; it is another origin than the stream's."""
    port = free_port()
    app = web.Application()
    app.router.add_static("/", FOLDER)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/index.html"
    finally:
        await runner.cleanup()


@dataclass
class Played:
    """One player in a window of its own, and what it has asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[tuple[str, str, int]] = field(default_factory=list)  # URL, protocol, status

    @classmethod
    async def open(cls, browser: Browser, address: str) -> "Played":
        """A player that has begun to load."""
        context = await browser.new_context()
        played = cls(await context.new_page())
        network = await context.new_cdp_session(played.page)
        await network.send("Network.enable")
        network.on("Network.responseReceived", played._note)
        played.page.on("console", lambda said: played.complaints.append(said.text) if said.type == "error" else None)
        played.page.on("pageerror", lambda error: played.complaints.append(str(error)))
        await played.page.goto(address)
        return played

    def _note(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        if "/live/" in answer["url"]:
            self.requests.append((answer["url"], answer["protocol"], answer["status"]))

    async def latency_s(self) -> float:
        """Median of some looks at a picture that moves, from its capture."""
        await wait_for(self.page, f"s.smoothSeconds >= {SMOOTH_S} && s.latencySeconds !== null", 90)
        looks = []
        for _ in range(LOOKS):
            await wait_for(self.page, f"s.framesDecoded > {(await stats(self.page))['framesDecoded']}")
            looks.append((await stats(self.page))["latencySeconds"])
        return float(statistics.median(look for look in looks if look is not None))


async def test_players_of_web_pages_play_low_latency_hls_of_another_origin_through_nginx(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    port = free_port()
    certificate = tmp_path / "tandem" / "https" / "certificate.pem"
    front = ("--https", "--https-port", str(port), "--https-program", "nginx")
    async with (
        node(*front) as serving,
        publishing("test", serving.whip("film"), "--size", "640x360"),
        players_page() as page,
        browser_that_trusts(certificate) as browser,
    ):
        async with aiohttp.ClientSession() as http:
            await until_listed(http, serving.hls("film"))
        url = f"https://127.0.0.1:{port}/live/film/index.m3u8"
        addresses = {name: f"{page}?{urlencode({'player': name, 'url': url})}" for name in PLAYERS}
        played = {name: await Played.open(browser, address) for name, address in addresses.items()}
        latencies = await asyncio.gather(*(each.latency_s() for each in played.values()))
        for (name, each), latency_s in zip(played.items(), latencies, strict=True):
            measured = await stats(each.page)
            assert each.complaints == measured["errors"] == [], name
            assert {protocol for _, protocol, _ in each.requests} == {"h2"}, name
            assert any("_HLS_part=" in address for address, _, _ in each.requests), f"{name} reloads without blocking"
            assert any("/p" in address and ".m4s" in address for address, _, _ in each.requests), f"{name}: no part"
            assert [address for address, _, status in each.requests if status >= 400] == [], name
            assert 0 < latency_s < HOLD_BACK_S, name
        await obeyed(serving)
