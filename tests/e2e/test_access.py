"""A viewer with a signed path, in Chromium; one without."""

import subprocess

from support.e2e_types import OpenPage
from support.pages import choose, publish_url, wait_for
from support.processes import TANDEM, node

SECRET = "the secret of the viewers"


async def test_the_page_below_a_token_plays_both_paths(open_page: OpenPage) -> None:
    async with node("--viewer-secret", SECRET) as serving:
        publisher = await open_page(publish_url(serving.base_url, "film", width=640, height=360))
        await wait_for(publisher, "s.state === 'live'")
        command: list[str] = [
            str(TANDEM),
            "token",
            "film",
            "--for",
            "10m",
            "--url",
            serving.base_url,
            "--viewer-secret",
            SECRET,
        ]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        viewer = await open_page(printed.splitlines()[0])
        await wait_for(viewer, "s.path === 'webrtc' && s.whep.framesDecoded >= 30")
        await choose(viewer, "Low-Latency HLS")
        await wait_for(viewer, "s.path === 'll-hls' && s.hls.framesDecoded >= 30")
        asked = await viewer.evaluate("performance.getEntriesByType('resource').map((each) => each.name)")
        media = [url for url in asked if "/live/" in url or "/whep/" in url]
        assert {url.split("/")[5] for url in media} == {"live", "whep"}
        assert all(f"{serving.base_url}/t/" in url for url in media)
        refused = await open_page(f"{serving.base_url}/watch/film", expect_errors=True)
        await refused.get_by_text("is for viewers with a token").first.wait_for()
        await viewer.close()  # its goodbye finds the way too
        await publisher.close()
    assert "Traceback" not in "\n".join(serving.program.lines)
