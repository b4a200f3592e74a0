"""What the tests wait for on the pages; they read `window.tandem.stats()`, which the pages keep for that."""

import json
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Frame, Page

PATTERN = {
    "source": "pattern",
    "width": 640,
    "height": 360,
    "fps": 30,
    "codec": "H264",
    "bitrate": 1000,
    "autostart": 1,
}


def publish_url(base_url: str, stream: str, **options: str | int) -> str:
    """The publish page, starting by itself with the test pattern unless told otherwise."""
    return f"{base_url}/publish/{stream}?{urlencode({**PATTERN, **options})}"


def compare_url(base_url: str, stream: str, paths: str = "whep,hls") -> str:
    """The compare page, playing some of its paths; each is a decoder of its own."""
    return f"{base_url}/compare/{stream}?paths={paths}"


async def stats(page: Page) -> dict[str, Any]:
    """What the page measures now."""
    return dict(await page.evaluate("window.tandem.stats()"))


async def wait_for(page: Page | Frame, claim: str, timeout_s: float = 40) -> None:
    """Wait until a JavaScript expression over `s`, the page's stats, is true; on time-out say what they were."""
    try:
        await page.wait_for_function(
            f"() => {{ const s = window.tandem?.stats?.(); return s && ({claim}); }}", timeout=timeout_s * 1000
        )
    except Exception as error:
        now = json.dumps(await page.evaluate("window.tandem?.stats?.()"), indent=1)
        raise AssertionError(f"not true within {timeout_s} s: {claim}; the page measured {now}") from error


async def both_play(page: Page, frames: int = 60) -> None:
    """Wait until both players of a compare page have shown so many frames more."""
    await wait_for(page, "true")
    before = await stats(page)
    whep, hls = before["whep"]["framesDecoded"] or 0, before["hls"]["framesDecoded"] or 0
    await wait_for(page, f"s.whep.framesDecoded >= {whep + frames} && s.hls.framesDecoded >= {hls + frames}")


async def choose(page: Page, option: str) -> None:
    """Pick from the settings menu of a watch page."""
    if not await page.get_by_role("group", name="Settings", exact=True).is_visible():
        await page.get_by_role("button", name="Settings").click()
    await page.get_by_role("radio", name=option, exact=True).check(force=True)
