"""Publish from a browser, watch over both paths on one page."""

from collections.abc import Callable
from pathlib import Path

import pytest

from support.accessibility import grave_issues
from support.e2e_types import OpenPage
from support.pages import both_play, compare_url, publish_url, stats, wait_for
from support.processes import NodeProcess


async def test_the_test_pattern_is_seen_on_both_paths_and_its_time_code_read(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    publisher = await open_page(publish_url(tandem.base_url, "pattern", width=1280, height=720, bitrate=2500))
    await wait_for(publisher, "s.state === 'live' && s.height === 720")
    viewer = await open_page(compare_url(tandem.base_url, "pattern"))
    await both_play(viewer)
    await viewer.evaluate("window.tandem.reset()")
    await wait_for(viewer, "s.whep.latency.samples >= 30 && s.hls.latency.samples >= 30")
    seen = await stats(viewer)
    assert seen["whep"]["latency"]["method"] == seen["hls"]["latency"]["method"] == "timecode"
    assert 0 < seen["whep"]["latency"]["p50_ms"] < seen["hls"]["latency"]["p50_ms"] < 10_000
    assert {level["height"] for level in seen["hls"]["levels"]} == {720, 480, 360}
    await publisher.screenshot(path=image("publish"))
    await viewer.screenshot(path=image("watch"))


async def test_a_camera_is_seen_on_both_paths_by_its_capture_clock(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    publisher = await open_page(publish_url(tandem.base_url, "camera", source="camera", codec="VP8"))
    await wait_for(publisher, "s.state === 'live'")
    viewer = await open_page(compare_url(tandem.base_url, "camera"))
    await both_play(viewer)
    await wait_for(viewer, "s.whep.latency.method === 'capture' && s.hls.latency.method === 'capture'")
    seen = await stats(viewer)
    assert abs(seen["whep"]["latency"]["p50_ms"]) < seen["hls"]["latency"]["p50_ms"] < 10_000
    await viewer.screenshot(path=image("watch-camera"))


async def test_the_pages_fit_a_phone_in_the_dark_and_keep_nobody_out(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    publisher = await open_page(publish_url(tandem.base_url, "phone"), width=360, height=800, scheme="dark")
    await wait_for(publisher, "s.state === 'live'")
    viewer = await open_page(compare_url(tandem.base_url, "phone"), width=360, height=800, scheme="dark")
    await both_play(viewer)
    index = await open_page(f"{tandem.base_url}/", width=360, height=800, scheme="dark")
    await index.get_by_text("phone").first.wait_for()
    for page, name in ((publisher, "publish-phone"), (viewer, "watch-phone"), (index, "index-phone")):
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        assert await grave_issues(page) == []
        await page.screenshot(path=image(name), full_page=True)


async def test_two_streams_at_once_are_each_seen(tandem: NodeProcess, open_page: OpenPage) -> None:
    for name in ("left", "right"):
        page = await open_page(publish_url(tandem.base_url, name, height=180, width=320))
        await wait_for(page, "s.state === 'live'")
    index = await open_page(f"{tandem.base_url}/")
    for name in ("left", "right"):
        await index.get_by_text(name).first.wait_for()
        viewer = await open_page(compare_url(tandem.base_url, name))
        await both_play(viewer, frames=30)


async def test_a_second_publisher_is_told_that_the_name_is_in_use(tandem: NodeProcess, open_page: OpenPage) -> None:
    first = await open_page(publish_url(tandem.base_url, "busy"))
    await wait_for(first, "s.state === 'live'")
    second = await open_page(publish_url(tandem.base_url, "busy"), expect_errors=True)
    await second.get_by_text("in use").first.wait_for()
    await wait_for(first, "s.state === 'live'")


async def test_viewers_are_told_when_the_publisher_stops(tandem: NodeProcess, open_page: OpenPage) -> None:
    publisher = await open_page(publish_url(tandem.base_url, "brief"))
    await wait_for(publisher, "s.state === 'live'")
    viewer = await open_page(compare_url(tandem.base_url, "brief"))
    await both_play(viewer, frames=30)
    await publisher.close()
    await wait_for(viewer, "s.hls.state === 'ended' && s.whep.state !== 'live'", timeout_s=30)


async def test_a_publisher_that_stops_and_returns_is_seen_again_without_a_reload(
    tandem: NodeProcess, open_page: OpenPage
) -> None:
    publisher = await open_page(publish_url(tandem.base_url, "again"))
    await wait_for(publisher, "s.state === 'live'")
    viewer = await open_page(compare_url(tandem.base_url, "again"))
    await both_play(viewer, frames=30)
    await publisher.get_by_role("button", name="Stop").click()
    await wait_for(viewer, "s.hls.state === 'ended' && s.whep.state === 'ended'")
    await publisher.get_by_role("button", name="Go live").click()
    await wait_for(viewer, "s.hls.state === 'live' && s.whep.state === 'live'")
    await both_play(viewer, frames=30)


async def test_publish_needs_no_name_to_be_thought_of(tandem: NodeProcess, open_page: OpenPage) -> None:
    index = await open_page(f"{tandem.base_url}/")
    await index.get_by_role("button", name="Publish").click()
    await index.get_by_role("radio", name="Test pattern").check(force=True)
    await index.get_by_role("button", name="Go live").click()
    await wait_for(index, "s.state === 'live'")
    assert index.url == f"{tandem.base_url}/publish/studio"


async def test_a_browser_without_webrtc_is_told_so_and_plays_hls(tandem: NodeProcess, open_page: OpenPage) -> None:
    publisher = await open_page(publish_url(tandem.base_url, "half"))
    await wait_for(publisher, "s.state === 'live'")
    viewer = await open_page("about:blank")
    await viewer.add_init_script("delete window.RTCPeerConnection")
    await viewer.goto(compare_url(tandem.base_url, "half"))
    await wait_for(viewer, "s.hls.state === 'live' && s.hls.framesDecoded > 10")
    assert (await stats(viewer))["whep"]["state"] == "failed"
    await viewer.get_by_text("This browser has no WebRTC").first.wait_for()
    await viewer.goto(publish_url(tandem.base_url, "other"))
    await viewer.get_by_text("it cannot publish").first.wait_for()


@pytest.mark.parametrize("name", ["%2e%2e%2fx", "a" * 300, "%C3%BC"])
async def test_an_odd_name_is_refused_by_the_page(tandem: NodeProcess, open_page: OpenPage, name: str) -> None:
    page = await open_page(f"{tandem.base_url}/compare/{name}", expect_errors=True)
    await page.get_by_text("refused").first.wait_for()
