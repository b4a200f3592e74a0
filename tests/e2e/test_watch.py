"""The watch page and the embedded player: one stream by the best way there is, and what a viewer does with it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from support.accessibility import grave_issues
from support.e2e_types import OpenPage
from support.pages import choose, stats, wait_for
from support.processes import NodeProcess, node, publishing
from support.udp_relay import send_through, udp_relay

SMALL = ("--size", "640x360")
WEBRTC = "s.path === 'webrtc' && s.state === 'live' && s.next === null"
LOW_LATENCY = "s.path === 'll-hls' && s.state === 'live' && s.next === null"
SWITCHES = 10
MOST_JUMP_MS = 100


def watch_url(tandem: NodeProcess, stream: str) -> str:
    return f"{tandem.base_url}/watch/{stream}"


async def fits(page: Page) -> bool:
    assert page.viewport_size is not None
    return bool(await page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"])


async def test_a_viewer_plays_pauses_mutes_rewinds_and_returns(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    page = await open_page(watch_url(tandem, "cat"))
    await page.get_by_text("Not live yet. It starts here by itself.").wait_for()
    async with publishing("test", tandem.whip("cat"), *SMALL):
        await wait_for(page, f"{WEBRTC} && s.muted && s.latency.samples > 10")
        await page.get_by_role("button", name="Unmute").last.click()
        await wait_for(page, "!s.muted")
        await page.keyboard.press("m")
        await wait_for(page, "s.muted")
        await page.keyboard.press("?")
        await page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
        await page.keyboard.press("?")

        await page.mouse.move(600, 300)
        await page.get_by_role("slider", name="Position in the stream").wait_for(timeout=60_000)
        assert await grave_issues(page) == []
        await page.screenshot(path=image("watch"), full_page=True)
        await page.get_by_role("slider", name="Position in the stream").hover()
        await page.locator(".preview[data-picture=true]").wait_for()
        await page.screenshot(path=image("watch-preview"))
        await page.keyboard.press("j")
        await wait_for(page, f"{LOW_LATENCY} && s.rewound && s.node_ms - s.captured_ms > 4000")
        await expect(page.get_by_role("button", name="Back to live")).to_be_visible()
        await page.get_by_role("button", name="Back to live").click()
        await wait_for(page, f"!s.rewound && {WEBRTC} && s.captured_ms !== null")

        await page.keyboard.press("k")
        await wait_for(page, "s.paused")
        left = (await stats(page))["captured_ms"]
        await page.keyboard.press("k")  # what comes over WebRTC cannot be paused: HLS goes on where it was left
        await wait_for(page, f"!s.paused && {LOW_LATENCY} && s.captured_ms >= {left}")
        await page.keyboard.press("End")
        await wait_for(page, WEBRTC)
    await page.get_by_text("The broadcast has ended. It starts here when there is another.").wait_for()


async def test_ten_changes_of_the_way_of_watching_never_jump_in_time(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    async with publishing("test", tandem.whip("cat"), *SMALL):
        page = await open_page(watch_url(tandem, "cat"), width=360, height=800, scheme="dark")
        await wait_for(page, WEBRTC)
        for turn in range(SWITCHES // 2):
            await choose(page, "Low-Latency HLS")
            await wait_for(page, LOW_LATENCY)
            if turn == 0:
                assert await fits(page)
                assert await grave_issues(page) == []
                await page.screenshot(path=image("watch-phone"), full_page=True)
            await choose(page, "WebRTC")
            await wait_for(page, WEBRTC, timeout_s=60)
        switches = (await stats(page))["switches"][1:]
        assert len(switches) >= SWITCHES
        jumps = [each["jump_by_time_code_ms"] for each in switches]
        assert [jump for jump in jumps if jump is None or abs(jump) >= MOST_JUMP_MS] == []


async def test_without_webrtc_it_goes_on_over_hls_and_comes_back_when_the_network_does(open_page: OpenPage) -> None:
    async with node() as tandem, udp_relay(tandem.udp_port) as relay, publishing("test", tandem.whip("cat"), *SMALL):
        page = await open_page("about:blank")
        await send_through(page, "**/whep/*", tandem.udp_port, relay)
        await page.goto(watch_url(tandem, "cat"))
        await wait_for(page, WEBRTC)
        relay.cut = True
        await wait_for(page, f"{LOW_LATENCY} && s.hls.framesDecoded > 10")
        relay.cut = False
        await page.evaluate("dispatchEvent(new Event('online'))")  # another network
        await wait_for(page, WEBRTC, timeout_s=60)
        await page.close()


async def test_a_viewer_who_was_offline_is_live_again(tandem: NodeProcess, open_page: OpenPage) -> None:
    async with publishing("test", tandem.whip("cat"), *SMALL):
        page = await open_page(watch_url(tandem, "cat"), expect_errors=True)
        await wait_for(page, WEBRTC)
        await choose(page, "HLS")
        await wait_for(page, "s.path === 'hls' && s.state === 'live' && s.next === null")
        await choose(page, "Low-Latency HLS")
        await wait_for(page, LOW_LATENCY)
        await page.context.set_offline(True)
        await page.get_by_text("You are offline. It goes on when the network is back.").wait_for(timeout=60_000)
        await page.context.set_offline(False)
        await wait_for(page, f"{LOW_LATENCY} && s.latency.last_ms < 4000")


async def test_the_player_is_embedded_by_a_page_of_another_origin(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    page = await open_page(watch_url(tandem, "cat"))
    await expect(page.locator("#snippet")).to_contain_text("/embed/cat")
    snippet = await page.locator("#snippet").inner_text()
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="Copy the HTML").click()
    await page.wait_for_function(
        "(text) => navigator.clipboard.readText().then((copied) => copied === text)", arg=snippet
    )
    await page.close()

    async def host(_request: web.Request) -> web.Response:
        return web.Response(text=f"<!doctype html><title>host</title>{snippet}", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", host)
    app.router.add_get("/favicon.ico", host)
    async with TestServer(app) as server, publishing("test", tandem.whip("cat"), *SMALL):
        other = await open_page(str(server.make_url("/")).replace("127.0.0.1", "localhost"))
        element = await other.wait_for_selector("iframe")
        frame = element and await element.content_frame()
        assert frame
        await wait_for(frame, "s.path !== null && s.state === 'live'", timeout_s=60)
        await other.screenshot(path=image("watch-embedded"))
        await frame.get_by_role("button", name="Settings").wait_for(state="attached")
        async with asyncio.timeout(20):
            await other.close()
