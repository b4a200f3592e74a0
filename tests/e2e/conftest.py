"""Chromium, nodes and pages for the end-to-end tests; all of them share one event loop."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright

from support.chromium import FLAGS, chromium_path
from support.e2e_types import OpenPage
from support.processes import ROOT, NodeProcess, node, obeyed


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here drives real peers, on one loop."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
            item.add_marker(pytest.mark.timeout(180))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One Chromium for all tests; each page gets a context, and so a visible window, of its own."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield chromium
        await chromium.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Opens pages in windows of their own; afterwards none of them may have logged an error."""
    complaints: list[str] = []

    async def open_page(
        url: str, *, width: int = 1280, height: int = 900, scheme: str = "light", expect_errors: bool = False
    ) -> Page:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            permissions=["camera", "microphone"],
        )
        windows.push_async_callback(context.close)
        page = await context.new_page()
        if not expect_errors:
            page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(url)
        return page

    async with AsyncExitStack() as windows:
        yield open_page
    assert complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def tandem() -> AsyncIterator[NodeProcess]:
    """A node of the test's own, with default settings; none of its playlists may have broken a rule."""
    async with node() as running_node:
        yield running_node
        await obeyed(running_node)


@pytest.fixture
def image() -> Callable[[str], Path]:
    """Where a screenshot goes: docs/images when TANDEM_IMAGES is set, otherwise nowhere that lasts."""
    folder = ROOT / "docs" / "images" if os.environ.get("TANDEM_IMAGES") else Path("/tmp")
    return lambda name: folder / f"{name}.png"
