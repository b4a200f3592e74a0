"""`tandem probe` at playlists that other servers might serve."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from rich.console import Console

from infra import probe
from infra.probe_hls import probe_hls
from infra.probe_report import HlsReport, RenditionReport, spread

HEAD = "#EXTM3U\n#EXT-X-TARGETDURATION:{target}\n"
SEGMENT = "#EXTINF:1,\na.ts\n"

Served = Callable[[str], str]


@pytest.fixture
async def serving() -> AsyncIterator[Served]:
    """Serves a text as a playlist, and gives its URL."""
    texts: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=texts[int(request.match_info["number"])])

    app = web.Application()
    app.router.add_get("/{number}.m3u8", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]

    def serve(text: str) -> str:
        texts.append(text)
        return f"http://127.0.0.1:{port}/{len(texts) - 1}.m3u8"

    yield serve
    await runner.cleanup()


async def test_a_target_duration_of_years_does_not_hold_it_up(serving: Served) -> None:
    async with asyncio.timeout(10):
        report = await probe_hls(serving(HEAD.format(target=99_999_999) + SEGMENT), 0.2)
    assert report.target_duration_s == 99_999_999


async def test_a_playlist_that_stands_still_is_a_problem(serving: Served) -> None:
    report = await probe_hls(serving(HEAD.format(target=1) + SEGMENT), 1.6)
    assert any("nothing new came in 1.6 s" in problem for problem in report.problems)


@pytest.mark.parametrize("words", ["[/bold] not markup", "[red]x"])
def test_what_a_playlist_says_is_printed_as_it_is(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    rendition = RenditionReport("http://x/", "video", words, None, None, words, None, None)
    report = HlsReport("http://x/", [rendition], 1, None, None, None, "own", None, spread([]), spread([]), [words])
    console = Console(file=out, width=200)
    monkeypatch.setattr(probe, "Console", lambda: console)
    probe.print_report(report)
    assert out.getvalue().count(words) == 3
