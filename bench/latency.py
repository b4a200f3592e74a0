"""Glass-to-glass latency of WebRTC and LL-HLS, read from the time code in the picture, and the CPU of each process.

Chromium publishes the test pattern and plays both paths of it; the time code was drawn from the node's clock and is
read back when a frame is presented. Prints a table; ``--json FILE`` keeps the figures.
"""

import argparse
import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from playwright.async_api import Page, async_playwright

from support.chromium import FLAGS, chromium_path
from support.pages import both_play, compare_url, publish_url, stats, wait_for
from support.processes import node, publishing

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def descendants(pid: int) -> list[int]:
    """A process and all below it."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *(below for child in children for below in descendants(child))]


def cpu_by_role(node_pid: int, browser_pid: int) -> dict[str, float]:
    """CPU seconds of the node, its workers, and the whole browser."""
    _, *workers = descendants(node_pid)
    return {
        "node": cpu_seconds(node_pid),
        "worker": sum(map(cpu_seconds, workers)),
        "browser": sum(map(cpu_seconds, descendants(browser_pid))),
    }


def browser_pid() -> int:
    """The Chromium below this process that has all the others as children."""
    for pid in descendants(os.getpid())[1:]:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"chromium" in command and b"--type=" not in command and b"--headless" in command:
            return pid
    raise SystemExit("no Chromium below this process")


async def measure(page: Page, node_pid: int, seconds: float) -> dict[str, Any]:
    """Let both players run and report what they measured."""
    await page.evaluate("window.tandem.reset()")
    browser = browser_pid()
    before = cpu_by_role(node_pid, browser)
    await asyncio.sleep(seconds)
    after = cpu_by_role(node_pid, browser)
    measured = await stats(page)
    measured["cpu_percent_of_a_core"] = {role: round(100 * (after[role] - before[role]) / seconds, 1) for role in after}
    return measured


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """One node, one publisher, one viewer page."""
    async with (
        async_playwright() as playwright,
        node("--profile", options.profile) as serving,
        AsyncExitStack() as closing,
    ):
        chromium = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        pages = [await (await chromium.new_context(permissions=["camera", "microphone"])).new_page() for _ in range(2)]
        publisher, viewer = pages
        width = options.height * 16 // 9
        if options.publisher == "chromium":
            size = {"width": width, "height": options.height, "bitrate": options.bitrate}
            await publisher.goto(publish_url(serving.base_url, "latency", **size))
            await wait_for(publisher, "s.state === 'live'")
        else:
            size_flag = ("--size", f"{width}x{options.height}")
            await closing.enter_async_context(publishing("test", serving.whip("latency"), *size_flag))
        await viewer.goto(compare_url(serving.base_url, "latency"))
        await both_play(viewer)
        await asyncio.sleep(options.settle)
        result = await measure(viewer, serving.pid, options.seconds)
        await chromium.close()
    return result


def table(result: dict[str, Any]) -> str:
    """The figures as a Markdown table."""
    lines = ["| path | method | p50 ms | p95 ms | samples | stalls | dropped |", "|---|---|---|---|---|---|---|"]
    for path, title in (("whep", "WebRTC (WHEP)"), ("hls", "LL-HLS")):
        seen, latency = result[path], result[path]["latency"]
        lines.append(
            f"| {title} | {latency['method']} | {latency['p50_ms']:.0f} | {latency['p95_ms']:.0f} "
            f"| {latency['samples']} | {seen['stalls']} | {seen['dropped']} |"
        )
    cpu = ", ".join(f"{role} {percent} %" for role, percent in result["cpu_percent_of_a_core"].items())
    return "\n".join([*lines, "", f"CPU of a core: {cpu}"])


def main() -> None:
    """Parse the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=["standard", "ultra"], default="standard")
    parser.add_argument("--publisher", choices=["chromium", "tandem"], default="chromium")
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--bitrate", type=int, default=2500, help="kbit/s of the publisher")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--settle", type=float, default=8, help="seconds between first picture and measuring")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = asyncio.run(run(options))
    print(table(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
