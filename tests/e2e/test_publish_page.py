"""The publish page: sources, devices, what it says about the network, and how it comes back."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
from playwright.async_api import Dialog, Page, Request

from support.accessibility import grave_issues
from support.e2e_types import OpenPage
from support.film import film_path
from support.pages import publish_url, stats, wait_for
from support.processes import NodeProcess, node
from support.udp_relay import send_through, udp_relay


class Requests:
    """The signalling of a page: how often it offered, and how often it asked for a restart."""

    def __init__(self, page: Page) -> None:
        self.methods: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if "/whip/" in request.url:
            self.methods.append(request.method)


async def session_of(tandem: NodeProcess, stream: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(f"{tandem.base_url}/api/streams") as answer:
        streams: list[dict[str, str]] = (await answer.json())["streams"]
    return next(each["session"] for each in streams if each["name"] == stream)


async def second_camera_is_shown(page: Page) -> None:
    label = "document.querySelector('#preview').srcObject?.getVideoTracks()[0].label"
    await page.wait_for_function(f"() => {label}?.includes('_1')")


async def looks_well(page: Page, image: Path) -> None:
    """Nothing is wider than the window, axe-core finds no grave issue; a picture is taken."""
    assert page.viewport_size is not None
    assert await page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert await grave_issues(page) == []
    await page.screenshot(path=image, full_page=True)


async def test_a_camera_is_previewed_metered_muted_and_changed_while_live(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    page = await open_page(publish_url(tandem.base_url, "studio", source="camera", autostart=0))
    requests = Requests(page)
    await page.get_by_role("button", name="Show preview").click()
    await wait_for(page, "s.state === 'idle' && s.level > 0")
    cameras = page.locator("#camera").locator("option")
    await cameras.nth(2).wait_for(state="attached")
    labels = await cameras.all_inner_texts()
    assert labels[0] == "Default camera"
    assert "fake_device_1" in labels[2]
    await page.get_by_role("button", name="Go live").click()
    await wait_for(page, "s.state === 'live' && s.framesSent > 30 && s.verdict.includes('everything')")
    assert await page.get_by_label("Size").is_disabled()
    await looks_well(page, image("publish-camera"))

    await page.locator("#camera").select_option(index=2)
    await second_camera_is_shown(page)
    await page.get_by_label("Microphone").select_option(index=2)
    await page.get_by_role("button", name="Mute").click()
    await page.get_by_role("button", name="Picture off").click()
    await page.get_by_text("Viewers see black and hear nothing.").wait_for()
    await wait_for(page, "s.level === 0")
    frames = (await stats(page))["framesSent"]
    await wait_for(page, f"s.framesSent > {frames + 30}")  # a black picture is sent too
    await page.get_by_role("button", name="Unmute").click()
    await page.get_by_role("button", name="Picture on").click()
    await wait_for(page, "s.message === '' && s.level > 0")
    assert requests.methods == ["POST"]

    dialogs: list[str] = []

    async def stay(dialog: Dialog) -> None:
        dialogs.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    await page.close(run_before_unload=True)
    await wait_for(page, "s.state === 'live'")
    assert dialogs == ["beforeunload"]
    await page.get_by_role("button", name="Stop").click()
    await wait_for(page, "s.state === 'ended'")
    assert await page.evaluate("document.querySelector('#preview').srcObject === null")

    await page.goto(f"{tandem.base_url}/publish/studio")  # without a question; what was chosen is still there
    await page.get_by_role("button", name="Show preview").click()
    await second_camera_is_shown(page)
    assert await page.get_by_label("Size").input_value() == "640x360"


async def test_a_file_is_published_on_a_phone_in_the_dark_until_it_is_over(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    url = publish_url(tandem.base_url, "film", source="file", autostart=0)
    page = await open_page(url, width=360, height=800, scheme="dark")
    await page.get_by_role("button", name="Go live").click()
    await page.get_by_text("Choose a video file first.").wait_for()
    await page.get_by_label("Video file").set_input_files(film_path())
    await page.get_by_label("Begin again at its end").check()
    await page.get_by_role("button", name="Go live").click()
    await wait_for(page, "s.state === 'live' && s.height === 360 && s.level > 0")
    await wait_for(page, "s.framesSent > 150")  # of a film of 125 pictures
    await looks_well(page, image("publish-phone-file"))
    await page.get_by_role("button", name="Stop").click()
    await page.get_by_label("Begin again at its end").uncheck()
    await page.get_by_role("button", name="Go live").click()
    await page.get_by_text("The file is over.").wait_for(timeout=40_000)
    await wait_for(page, "s.state === 'ended'")


async def test_the_watch_link_is_shown_copied_and_drawn_as_a_code(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    page = await open_page(publish_url(tandem.base_url, "shared"), width=360, height=800)
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = f"{tandem.base_url}/watch/shared"
    assert await page.locator("#link").inner_text() == link
    await page.get_by_role("button", name="Copy").click()
    await page.get_by_role("button", name="Copied").wait_for()
    assert await page.evaluate("navigator.clipboard.readText()") == link
    await page.locator("#qr path").wait_for(state="attached")
    await page.get_by_text("this machine").wait_for()
    await wait_for(page, "s.state === 'live' && s.framesSent > 30")
    await looks_well(page, image("publish-phone-light"))


async def test_a_screen_is_shared_until_that_is_stopped(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    page = await open_page(publish_url(tandem.base_url, "screen", source="screen", autostart=0), scheme="dark")
    await looks_well(page, image("publish-dark"))
    await page.get_by_role("button", name="Go live").click()
    await wait_for(page, "s.state === 'live' && s.framesSent > 0")
    await page.evaluate(
        "document.querySelector('#preview').srcObject.getVideoTracks()[0].dispatchEvent(new Event('ended'))"
    )
    await page.get_by_text("Sharing was stopped.").wait_for()


async def test_a_connection_that_breaks_is_restarted_and_one_that_stays_away_replaced_in_the_same_hls_session(
    open_page: OpenPage,
) -> None:
    async with node("--publisher-grace-s", "30") as tandem, udp_relay(tandem.udp_port) as relay:
        page = await open_page("about:blank")
        await send_through(page, "**/whip/**", tandem.udp_port, relay)
        requests = Requests(page)
        await page.goto(publish_url(tandem.base_url, "studio"))
        await wait_for(page, "s.state === 'live' && s.framesSent > 30")
        session = await session_of(tandem, "studio")
        relay.forget_clients()
        await wait_for(page, "s.state === 'live' && s.returns.restarted === 1 && s.framesSent > 0")
        assert requests.methods == ["POST", "PATCH"]
        relay.cut = True
        async with page.expect_request(lambda request: request.method == "POST", timeout=40_000) as offered:
            pass
        await (await offered.value).response()
        relay.cut = False
        await wait_for(page, "s.state === 'live' && s.returns.anew === 1 && s.framesSent > 0")
        assert await session_of(tandem, "studio") == session


async def test_a_node_that_was_killed_has_its_publisher_back(open_page: OpenPage) -> None:
    async with AsyncExitStack() as second, node() as first:
        page = await open_page(publish_url(first.base_url, "phoenix"), expect_errors=True)
        await wait_for(page, "s.state === 'live'")
        first.program.process.kill()
        await first.program.ended()
        await page.get_by_text("does not answer").wait_for(timeout=40_000)
        await second.enter_async_context(node(again=first))
        await wait_for(page, "s.state === 'live' && s.framesSent > 30")
