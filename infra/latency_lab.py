"""Edge: a headless Chromium that publishes the test pattern to a node, plays every path of it, and measures them.

The pages are the node's own; what they show to people is what is read here (``window.tandem.stats()``). Playwright and
Chromium are wanted only for this, and looked for only then.
"""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlencode, urlsplit

import aiohttp

from infra.ids import parse_stream_name
from infra.latency_report import LatencyReport, path_report
from infra.network_shape import Network
from infra.shaped_relay import ShapedRelay, shaped_relay
from infra.webrtc_client import ClientFailed

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

FLAGS = (
    "--no-sandbox",  # refused to root, which containers run as; the pages are the node's
    "--disable-gpu",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)
PATHS = ("whep", "hls")
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_STREAM = "latency"  # where the URL names none
_STARTS_S = 60.0
_SETTLES_S = 8.0  # players come down to their target
_PLAYS = "() => { const s = window.tandem?.stats?.(); return s && %s; }"
_CANDIDATE = re.compile(r"^a=candidate:\S+ 1 udp \d+ (\S+) (\d+) typ host.*$", re.IGNORECASE | re.MULTILINE)
_OTHER_CANDIDATES = re.compile(r"^a=candidate:.*\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class LabOptions:
    """How to measure.

    Attributes:
        seconds: how long, on each network.
        paths: of the compare page: whep, hls, plain.
        width: of the pattern that is published, where the stream is not live already.
        height: likewise.
        bitrate_kbps: likewise.
    """

    seconds: float = 60.0
    paths: Sequence[str] = PATHS
    width: int = 1280
    height: int = 720
    bitrate_kbps: int = 2500


@dataclass(frozen=True, slots=True)
class Target:
    """A node and one of its streams."""

    base_url: str
    host: str
    port: int
    secure: bool
    stream: str


def target_of(url: str) -> Target:
    """What a URL names: a node, or a stream by any of its addresses (``/watch/film``, ``/live/film/index.m3u8``).

    Raises:
        ValueError: it names a stream as none can be named.
    """
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    words = [word for word in parts.path.split("/") if word]
    stream = words[1] if len(words) > 1 else _STREAM
    return Target(
        base_url=f"{parts.scheme}://{parts.netloc}",
        host=parts.hostname or "",
        port=parts.port or (443 if secure else 80),
        secure=secure,
        stream=parse_stream_name(stream),
    )


@asynccontextmanager
async def chromium() -> AsyncIterator["Browser"]:
    """A headless Chromium for the length of a block.

    Raises:
        ClientFailed: there is none, or nothing to drive it with.
    """
    program = await asyncio.to_thread(_find_program)
    if program is None:
        raise ClientFailed(f"no browser found: measuring latency wants one of {', '.join(_PROGRAMS)}")
    try:
        from playwright.async_api import async_playwright  # noqa: PLC0415  wanted only here
    except ImportError:
        raise ClientFailed("measuring latency drives a browser with Playwright: pip install playwright") from None
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()


def _find_program() -> str | None:
    return next(filter(None, map(shutil.which, _PROGRAMS)), None)


class Lab:
    """One stream of one node, watched again and again over different networks.

    Args:
        browser: to publish and to watch with.
        target: to measure.
        options: how.
    """

    def __init__(self, browser: "Browser", target: Target, options: LabOptions) -> None:
        self._browser = browser
        self._target = target
        self._options = options
        self._profile = ""
        self._publisher = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Make sure that the stream is live; publish the pattern if it is not."""
        base = self._target.base_url
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
            try:
                self._profile = (await _document(http, f"{base}/api/config"))["profile"]
                streams = (await _document(http, f"{base}/api/streams"))["streams"]
            except (aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError) as error:
                why = str(error) or type(error).__name__
                raise ClientFailed(f"{base} is no node that can be asked: {why}") from error
        if not any(stream["name"] == self._target.stream for stream in streams):
            await self._publish()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop publishing."""
        await self._publisher.aclose()

    async def _publish(self) -> None:
        options = self._options
        query = {"source": "pattern", "codec": "H264", "fps": 30, "autostart": 1}
        size = {"width": options.width, "height": options.height, "bitrate": options.bitrate_kbps}
        page = await self._open(self._publisher)
        await page.goto(f"{self._target.base_url}/publish/{self._target.stream}?{urlencode({**query, **size})}")
        await _until(page, "s.state === 'live'", "the test pattern could not be published")

    async def _open(self, closing: AsyncExitStack) -> "Page":
        context = await self._browser.new_context(permissions=["camera", "microphone"])
        closing.push_async_callback(context.close)
        return await context.new_page()

    async def measure(self, network: Network) -> LatencyReport:
        """Watch all paths over a network, and report.

        Raises:
            ClientFailed: nothing plays.
        """
        async with AsyncExitStack() as closing:
            page = await self._open(closing)
            base, relay = self._target.base_url, None
            if network != Network("direct"):
                relay = await closing.enter_async_context(self._relay(network, page))
                base = f"http://127.0.0.1:{relay.port}"
            await page.goto(f"{base}/compare/{self._target.stream}?paths={','.join(self._options.paths)}")
            await _until(page, self._all("framesDecoded > 30"), "not every path plays")
            await asyncio.sleep(_SETTLES_S)
            await page.evaluate("window.tandem.reset()")
            await self._run(relay if network.halves else None)
            seen: dict[str, Any] = await page.evaluate("window.tandem.stats()")
        return self._report(network, seen)

    def _all(self, claim: str) -> str:
        return " && ".join(f"s.{path}.{claim}" for path in self._options.paths)

    async def _run(self, halved: ShapedRelay | None) -> None:
        seconds = self._options.seconds
        if halved is None:
            await asyncio.sleep(seconds)
            return
        await asyncio.sleep(seconds / 3)
        halved.halve()
        await asyncio.sleep(seconds * 2 / 3)

    @asynccontextmanager
    async def _relay(self, network: Network, page: "Page") -> AsyncIterator[ShapedRelay]:
        """The network between the page and the node: HTTP by its address, media by the candidates of WHEP answers."""
        target = self._target
        if target.secure:
            raise ClientFailed(f"{target.base_url}: a network can be put before plain http:// only")
        async with shaped_relay(network, target.host, target.port) as relay:

            async def through_relay(route: "Route") -> None:
                answer = await route.fetch()
                text = await answer.text()
                if candidate := _CANDIDATE.search(text):
                    port = await relay.udp_port((candidate[1], int(candidate[2])))
                    text = with_candidate(text, "127.0.0.1", port)
                await route.fulfill(response=answer, body=text)

            await page.route("**/whep/**", through_relay)
            yield relay

    def _report(self, network: Network, seen: dict[str, Any]) -> LatencyReport:
        paths = [path_report(path, self._profile, seen[path]) for path in self._options.paths]
        problems = [f"{path.path}: nothing was measured" for path in paths if path.method is None]
        problems += [f"{path}: {seen[path]['problem']}" for path in self._options.paths if seen[path]["problem"]]
        target, seconds = self._target, self._options.seconds
        return LatencyReport(target.base_url, target.stream, self._profile, network, seconds, paths, problems)


def with_candidate(answer: str, host: str, port: int) -> str:
    """An SDP answer whose only candidate is the given one."""
    line = f"a=candidate:1 1 udp 2130706431 {host} {port} typ host\r\n"
    first = True

    def replaced(_: re.Match[str]) -> str:
        nonlocal first
        text, first = (line if first else ""), False
        return text

    return _OTHER_CANDIDATES.sub(replaced, answer)


async def _document(http: aiohttp.ClientSession, url: str) -> dict[str, Any]:
    async with http.get(url) as response:
        response.raise_for_status()
        document: dict[str, Any] = await response.json()
        return document


async def _until(page: "Page", claim: str, sentence: str) -> None:
    from playwright.async_api import TimeoutError as TooLate  # noqa: PLC0415  see `chromium`

    try:
        await page.wait_for_function(_PLAYS % f"({claim})", timeout=_STARTS_S * 1000)
    except TooLate:
        stats = await page.evaluate("window.tandem?.stats?.()")
        problems = [path["problem"] for path in (stats or {}).values() if isinstance(path, dict) and path["problem"]]
        raise ClientFailed(f"{sentence} within {_STARTS_S:.0f} s{''.join(f'; {each}' for each in problems)}") from None
