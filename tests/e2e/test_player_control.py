"""The LL-HLS player when its network gets worse and better: which rung it loads."""

from support.e2e_types import OpenPage
from support.pages import compare_url, publish_url, stats, wait_for
from support.processes import NodeProcess

PLAYS = "s.hls.state === 'live' && s.hls.latency.samples >= 20"


async def test_a_link_that_gets_slower_lowers_the_rung_and_a_better_one_raises_it_again(
    tandem: NodeProcess, open_page: OpenPage
) -> None:
    publisher = await open_page(publish_url(tandem.base_url, "narrow", width=1280, height=720, bitrate=2500))
    await wait_for(publisher, "s.state === 'live' && s.height === 720")
    viewer = await open_page(compare_url(tandem.base_url, "narrow", "hls"))
    await wait_for(viewer, f"{PLAYS} && s.hls.level === 2", timeout_s=60)
    network = await viewer.context.new_cdp_session(viewer)

    async def carry(bytes_per_s: float) -> None:
        limits = {"offline": False, "latency": 0, "downloadThroughput": bytes_per_s, "uploadThroughput": -1}
        await network.send("Network.emulateNetworkConditions", limits)

    await carry(0.8 * (await stats(viewer))["hls"]["levels"][2]["bitrate"] / 8)
    await wait_for(viewer, f"{PLAYS} && s.hls.level < 2")
    frames = (await stats(viewer))["hls"]["framesDecoded"]
    await wait_for(viewer, f"{PLAYS} && s.hls.framesDecoded >= {frames + 60}")
    await carry(-1)
    await wait_for(viewer, f"{PLAYS} && s.hls.level === 2", timeout_s=90)
