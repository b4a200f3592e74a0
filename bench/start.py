"""How long until there is a picture: after publishing, over both paths; and after joining a stream that is live.

Chromium publishes the test pattern. A watch page that was open before sees it begin; another one, opened then, joins.
Times are from the offer's POST (of the publisher, or of the joining viewer) and, for joining over HLS, from the first
request for a playlist; until the browser presents the first picture. Prints a table; ``--json FILE`` keeps the figures.
"""

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from playwright.async_api import Browser, Page, async_playwright

from support.chromium import FLAGS, chromium_path
from support.pages import compare_url, publish_url, wait_for
from support.processes import NodeProcess, node

NOTE = """
window.begun = {};
const note = (what, ms) => { window.begun[what] ??= performance.timeOrigin + ms; };
new PerformanceObserver((list) => {
  for (const { name, startTime } of list.getEntries()) {
    if (name.includes("/whip/")) note("whip", startTime);
    if (name.includes("/whep/")) note("whep", startTime);
    if (name.includes(".m3u8")) note("hls", startTime);
  }
}).observe({ type: "resource", buffered: true });
addEventListener("DOMContentLoaded", () => {
  for (const path of ["whep", "hls"]) {
    document.querySelector(`#${path} video`)?.requestVideoFrameCallback((now) => note(`${path} picture`, now));
  }
});
"""  # Unix time in ms of the first of each
BOTH_SEEN = "window.begun['whep picture'] && window.begun['hls picture'] && window.begun.hls"

Begun = Mapping[str, float]
FIGURES: Mapping[str, Callable[[Begun, Begun, Begun], float]] = {
    "publish to first WebRTC picture": lambda published, waiting, _: waiting["whep picture"] - published["whip"],
    "publish to first LL-HLS picture": lambda published, waiting, _: waiting["hls picture"] - published["whip"],
    "join a live stream over WebRTC": lambda _, __, joining: joining["whep picture"] - joining["whep"],
    "join a live stream over LL-HLS": lambda _, __, joining: joining["hls picture"] - joining["hls"],
}


async def page_of(browser: Browser, url: str) -> Page:
    """A page in a window of its own that notes when things begin."""
    page = await (await browser.new_context(permissions=["camera", "microphone"])).new_page()
    await page.add_init_script(NOTE)
    await page.goto(url)
    return page


async def begun(page: Page, claim: str) -> Begun:
    """What the page noted, once the claim is true."""
    await page.wait_for_function(f"() => {claim}", timeout=40_000)
    noted: Begun = await page.evaluate("window.begun")
    return noted


async def once(browser: Browser, serving: NodeProcess, stream: str, size: Mapping[str, int]) -> dict[str, float]:
    """One broadcast; milliseconds of each figure."""
    waiting = await page_of(browser, compare_url(serving.base_url, stream))
    await wait_for(waiting, "true")
    publisher = await page_of(browser, publish_url(serving.base_url, stream, **size))
    seen_waiting = await begun(waiting, BOTH_SEEN)
    await waiting.context.close()
    joining = await page_of(browser, compare_url(serving.base_url, stream))
    seen_joining = await begun(joining, BOTH_SEEN)
    published = await begun(publisher, "window.begun.whip")
    for page in (joining, publisher):
        await page.context.close()
    return {name: figure(published, seen_waiting, seen_joining) for name, figure in FIGURES.items()}


async def run(options: argparse.Namespace) -> list[dict[str, float]]:
    """One broadcast after the other, on one node."""
    size = {"width": options.height * 16 // 9, "height": options.height, "bitrate": options.bitrate}
    async with async_playwright() as playwright, node("--profile", options.profile) as serving:
        browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        measured = []
        for number in range(options.runs):
            measured.append(await once(browser, serving, f"start-{number}", size))
            await asyncio.sleep(options.rest)
        await browser.close()
    return measured


def table(measured: list[dict[str, float]]) -> str:
    """Median, least and most of each figure, as a Markdown table."""
    lines = ["| | median ms | least | most | runs |", "|---|---|---|---|---|"]
    for name in FIGURES:
        times = [run[name] for run in measured]
        lines.append(
            f"| {name} | {statistics.median(times):.0f} | {min(times):.0f} | {max(times):.0f} | {len(times)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Parse the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=["standard", "ultra"], default="standard")
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--bitrate", type=int, default=2500, help="kbit/s of the publisher")
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--rest", type=float, default=3, help="seconds between two broadcasts")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    measured = asyncio.run(run(options))
    print(table(measured))
    if options.json:
        options.json.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
