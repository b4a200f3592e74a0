"""Whether what the pages measure can be believed: two methods that must agree, and sound against picture."""

from support.e2e_types import OpenPage
from support.pages import both_play, compare_url, publish_url, wait_for
from support.processes import NodeProcess

AGREE_MS = 30
AGREE = (
    "Math.abs(s.{path}.methods.timecode - s.{path}.methods.capture)"
    f" <= {AGREE_MS} + s.{{path}}.clock_error_ms && s.{{path}}.methods.capture !== null"
)
IN_STEP = (
    "s.{path}.skew.samples >= 3 && Math.abs(s.{path}.skew.last_ms) <= 60"  # Chromium lets 30 ms be; a picture is 33
)


async def test_time_code_and_capture_clock_agree_and_sound_comes_into_step_at_180_lines(
    tandem: NodeProcess, open_page: OpenPage
) -> None:
    """WebRTC with lip sync: only of synchronised tracks do browsers tell the capture clock."""
    publisher = await open_page(publish_url(tandem.base_url, "agree", width=320, height=180))
    await wait_for(publisher, "s.state === 'live'")
    viewer = await open_page(compare_url(tandem.base_url, "agree"))
    await both_play(viewer)
    await viewer.locator("#whep").get_by_role("button", name="Unmute").click()
    await wait_for(viewer, "s.whep.methods.capture !== null")
    await viewer.evaluate("window.tandem.reset()")
    await wait_for(viewer, "s.whep.latency.samples >= 40 && s.hls.latency.samples >= 40")
    for path in ("whep", "hls"):  # a busy machine may need a while until the medians have settled
        await wait_for(viewer, AGREE.format(path=path), timeout_s=60)
    await wait_for(viewer, IN_STEP.format(path="whep"))
    await viewer.locator("#hls").get_by_role("button", name="Unmute").click()
    await wait_for(viewer, IN_STEP.format(path="hls"))
