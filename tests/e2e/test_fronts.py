"""The LL path in Chromium, through nginx over HTTP/2 and through Caddy over HTTP/3, as `serve --https` starts them."""

from pathlib import Path

import pytest

from support.certificates import browser_that_trusts
from support.pages import compare_url, wait_for
from support.processes import free_port, node, publishing


@pytest.mark.parametrize(("program", "protocol"), [("nginx", "h2"), ("caddy", "h3")])
async def test_chromium_plays_low_latency_hls_through_the_front(
    program: str, protocol: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    port = free_port()
    base_url = f"https://127.0.0.1:{port}"
    options = ("--https", "--https-port", str(port), "--https-program", program)
    async with node(*options) as serving, publishing("test", serving.whip("film"), "--size", "640x360"):
        quic = f"--origin-to-force-quic-on=127.0.0.1:{port}"
        certificate = tmp_path / "tandem" / "https" / "certificate.pem"
        async with browser_that_trusts(certificate, *([quic] if protocol == "h3" else [])) as browser:
            page = await browser.new_page()
            await page.goto(compare_url(base_url, "film"))
            await wait_for(page, "s.hls.state === 'live' && s.hls.framesDecoded > 150 && s.whep.state === 'live'")
            used = await page.evaluate(
                """performance.getEntriesByType("resource")
                .filter(({ name, responseStatus }) => name.includes("/live/") && responseStatus === 200)
                .map(({ name, nextHopProtocol }) => [name, nextHopProtocol])"""
            )
            assert {each for _, each in used} == {protocol}
            assert any("_HLS_part=" in name for name, _ in used)
            assert any("/p" in name and name.endswith(".m4s") for name, _ in used)
