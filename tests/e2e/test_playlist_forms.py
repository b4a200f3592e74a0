"""What hls.js makes of the forms a live playlist may have: delta updates, leading gaps, I-frames beside it."""

from playwright.async_api import Response

from support.e2e_types import OpenPage
from support.pages import both_play, compare_url
from support.processes import node, obeyed, publishing


async def test_hls_js_asks_for_delta_updates_and_plays_on(open_page: OpenPage) -> None:
    """The skip boundary of the ultra profile is six seconds: from then on, what is new is enough."""
    async with node("--profile", "ultra") as serving, publishing("test", serving.whip("skipping")):
        viewer = await open_page(compare_url(serving.base_url, "skipping"))
        updates: list[str] = []

        async def look(response: Response) -> None:
            if "_HLS_skip=YES" in response.url and response.ok and "#EXT-X-SKIP:" in await response.text():
                updates.append(response.url)

        viewer.on("response", look)
        await both_play(viewer, frames=300)
        assert len(updates) >= 5
        await obeyed(serving)
        await viewer.close()


async def test_hls_js_starts_on_a_list_that_begins_with_gaps(open_page: OpenPage) -> None:
    async with node("--leading-gaps", "6") as serving:
        viewer = await open_page(compare_url(serving.base_url, "early"), expect_errors=True)  # not live yet: 404
        async with publishing("test", serving.whip("early")):
            await both_play(viewer, frames=90)
            await obeyed(serving)
            await viewer.close()
