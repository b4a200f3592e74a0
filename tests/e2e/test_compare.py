"""The compare page: all paths at once, what is measured of them, and how a measurement is kept and shared."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Page, expect

from support.accessibility import grave_issues
from support.e2e_types import OpenPage
from support.pages import compare_url, publish_url, stats, wait_for
from support.processes import NodeProcess

PATHS = ["whep", "hls", "plain"]
MEASURED = " && ".join(f"s.{path}.latency.samples >= 20" for path in PATHS)
NEWEST = 60  # samples: as many pictures as a waterfall is the mean of
FRAME_MS = 34  # the pictures are not all the same, and WebRTC is not many frames behind
PNG = b"\x89PNG\r\n\x1a\n"


async def saved(page: Page, button: str) -> bytes:
    """What the browser saves when a button is pressed."""
    async with page.expect_download() as download:
        await page.get_by_role("button", name=button, exact=True).click()
    return Path(await (await download.value).path()).read_bytes()


async def shown(page: Page, path: str) -> dict[str, str]:
    """The figures of a path, as the page shows them."""
    figures: dict[str, str] = await page.locator(f"#{path} [data-figure]").evaluate_all(
        "(cells) => Object.fromEntries(cells.map((cell) => [cell.dataset.figure, cell.textContent]))"
    )
    return figures


def accounts_for_the_latency(path: dict[str, Any]) -> None:
    """Stages and remainder add up to a total that lies where the newest samples do, within a tenth or a frame."""
    waterfall, newest = path["waterfall"], [latency for _, latency in path["samples"][-NEWEST:]]
    seen = sum(stage["ms"] for stage in waterfall["stages"] if stage["known"])
    assert abs(seen + waterfall["remainder_ms"] - waterfall["total_ms"]) < 1
    slack = max(0.1 * waterfall["total_ms"], FRAME_MS)
    assert min(newest) - slack <= waterfall["total_ms"] <= max(newest) + slack, waterfall


async def comparing(tandem: NodeProcess, open_page: OpenPage, stream: str, width: int, scheme: str) -> Page:
    """A page on which all paths of a stream are measured."""
    publisher = await open_page(publish_url(tandem.base_url, stream))
    await wait_for(publisher, "s.state === 'live'")
    url = compare_url(tandem.base_url, stream, ",".join(PATHS))
    page = await open_page(url, width=width, scheme=scheme)
    await wait_for(page, MEASURED)
    await expect(page.locator("[data-waterfall='hls'] caption")).to_contain_text("LL-HLS")
    return page


async def test_three_paths_are_measured_at_once_and_the_measurement_is_kept_and_shared(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    page = await comparing(tandem, open_page, "race", 1280, "light")
    latencies = [(await stats(page))[path]["latency"]["p50_ms"] for path in PATHS]
    assert 0 < latencies[0] < latencies[1] < latencies[2] < 15_000
    await page.get_by_role("button", name="Pause").click()
    await page.screenshot(path=image("compare"), full_page=True)
    assert await grave_issues(page) == []
    figures = {path: await shown(page, path) for path in PATHS}
    assert all(figures[path]["method"] == "by the time code in the picture" for path in PATHS)
    assert all(figures[path]["join"].endswith("s") for path in PATHS)
    assert all(figures[path]["clock"].startswith("±") for path in PATHS)
    assert figures["whep"]["rung"] == "published"
    assert {figures["hls"]["rung"], figures["plain"]["rung"]} <= {"360p", "240p", "144p"}

    measurement = json.loads(await saved(page, "JSON"))
    assert (measurement["format"], measurement["stream"]) == ("tandem-measurement", "race")
    assert [path["path"] for path in measurement["paths"]] == PATHS
    rows = list(csv.DictReader(io.StringIO((await saved(page, "CSV")).decode(), newline="")))
    for path in measurement["paths"]:
        samples = [
            [round(1000 * float(row["at_s"])), float(row["latency_ms"])] for row in rows if row["path"] == path["path"]
        ]
        assert samples == path["samples"]
        assert path["latency"]["samples"] == len(samples) >= 20
        assert path["latency"]["p50_ms"] <= path["latency"]["p95_ms"] <= path["latency"]["max_ms"]
        assert max(latency for _, latency in samples) == path["latency"]["max_ms"]
    for path in measurement["paths"][:2]:
        accounts_for_the_latency(path)
        lines = page.locator(f"[data-waterfall='{path['path']}'] tr")
        await expect(lines).to_have_count(len(path["waterfall"]["stages"]) + 1)
        await expect(lines.last).to_contain_text("remainder")
    picture = await saved(page, "PNG")
    assert picture.startswith(PNG)
    image("compare-saved").write_bytes(picture)

    await page.get_by_role("button", name="Share a link").click()
    await page.get_by_text("It holds the measurement itself").wait_for()
    link = await page.get_by_label("Link to this measurement").input_value()
    assert len(link) < 4000
    other = await open_page(link, width=360, height=800, scheme="dark")
    await other.get_by_text("Measured on").wait_for()
    for path in PATHS:
        told = await shown(other, path)
        assert {**told, "latency": "", "kind": ""} == {**figures[path], "latency": "", "kind": ""}
        assert told["latency"] == told["p50"]
    assert await other.locator("video").count() == 0
    assert await other.evaluate("document.documentElement.scrollWidth") <= 360
    assert await grave_issues(other) == []
    await other.screenshot(path=image("compare-shared"), full_page=True)
    assert json.loads(await saved(other, "JSON"))["started_ms"] == measurement["started_ms"]


async def test_on_a_phone_paths_are_switched_heard_paused_and_begun_anew(
    tandem: NodeProcess, open_page: OpenPage, image: Callable[[str], Path]
) -> None:
    page = await comparing(tandem, open_page, "phone", 360, "dark")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert await grave_issues(page) == []
    await page.screenshot(path=image("compare-phone"), full_page=True)

    for path in PATHS:
        await page.locator(f"#{path}").get_by_role("button", name="Unmute").click()
        assert await page.evaluate("[...document.querySelectorAll('video')].filter((v) => !v.muted).length") == 1

    await page.get_by_text("As a table").click()
    table = page.get_by_role("table")
    await expect(table.get_by_role("columnheader")).to_have_text(["From", "WebRTC", "LL-HLS standard", "Plain HLS"])
    await expect(table.get_by_role("row").nth(1)).to_contain_text("0:00")

    pause = page.get_by_role("button", name="Pause")
    await pause.focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Resume").wait_for()
    held = await shown(page, "whep")
    samples = (await stats(page))["whep"]["latency"]["samples"]
    await wait_for(page, f"s.whep.latency.samples > {samples + 10}")
    assert await shown(page, "whep") == held
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Reset").click()
    await wait_for(page, "s.whep.latency.samples > 5")
    first = json.loads(await saved(page, "JSON"))["paths"][0]
    assert 0 < first["latency"]["samples"] < samples

    await page.get_by_label("Play Plain HLS").uncheck()
    await page.locator("#plain").get_by_text("Switched off").wait_for()
    assert "paths=whep,hls" in page.url
    assert (await stats(page))["plain"]["state"] == "waiting"
    assert [path["path"] for path in json.loads(await saved(page, "JSON"))["paths"]] == ["whep", "hls"]
    await page.get_by_label("Play Plain HLS").check()
    await wait_for(page, "s.plain.state === 'live'")
    assert "paths" not in page.url


async def test_a_link_that_holds_no_measurement_is_refused_in_a_sentence(
    tandem: NodeProcess, open_page: OpenPage
) -> None:
    url = f"{tandem.base_url}/compare/race#m="
    for fragment in ("", "q1YqzUsuyszPU7JSUC_OSM1N1VEqLilKLEktBgA", "%3Cscript%3E", "A" * 20_000):
        page = await open_page(url + fragment)
        await page.get_by_text("This link shows no measurement: the link is damaged").wait_for()
        assert await page.get_by_role("button", name="JSON").is_hidden()
        assert await grave_issues(page) == []
