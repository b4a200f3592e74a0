"""Edge: follows an HLS stream as a player would: blocking reloads, every new part fetched, its arrival noted."""

import asyncio
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import aiohttp

from infra.clock import NS_PER_S, Clock, SystemClock
from infra.probe_playlist import (
    MediaView,
    NotAPlaylist,
    Piece,
    Rendition,
    common_problems,
    parse_playlist,
    rate_problems,
    renditions_of,
    variant_problems,
    view_media,
)
from infra.probe_report import START_WAIT_S, HlsReport, RenditionReport, spread
from infra.server_clock import ServerClock, ask_clock
from infra.webrtc_client import NOT_YET, RETRY_S, ClientFailed, unreachable

MAX_PLAYLIST_BYTES = 4 << 20
MAX_MEDIA_BYTES = 64 << 20
LEAST_PAUSE_S = 0.5  # between two looks at a playlist, whatever target duration it claims
LONGEST_QUIET_TARGETS = 1.5  # target durations without a new segment (rfc8216bis 6.2.1)
_DATE_ERROR_MS = 1000.0  # half a second that the header cuts off, and the time it took to come
_TIMEOUT_S = 15.0  # a blocking reload is held for three target durations at most
_NS_PER_MS = 1_000_000


@dataclass
class Followed:
    """What was seen of one rendition."""

    rendition: Rendition
    view: MediaView
    latencies_ms: list[float] = field(default_factory=list)
    arrivals: list[tuple[float, float]] = field(default_factory=list)  # media time and arrival, seconds
    bytes: int = 0
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


async def probe_hls(url: str, seconds: float) -> HlsReport:
    """Look at a stream for some seconds.

    Raises:
        ClientFailed: it cannot be reached, is not live, or is no HLS.
    """
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as http:
        reader = _Reader(http, url)
        text = await reader.wait_for_playlist()
        told = await reader.find_clock()
        try:
            playlist = parse_playlist(text, url)
            problems = variant_problems(playlist) if playlist.is_variant else []
            followers = [_Follower(reader, rendition, told.clock) for rendition in renditions_of(playlist, url)]
        except NotAPlaylist as error:
            raise ClientFailed(f"{url} is no HLS playlist: {error}") from error
        if not followers:
            raise ClientFailed(f"{url} has no renditions")
        followed = await asyncio.gather(*(follower.follow(seconds) for follower in followers))
    return _report(url, told, problems, followed)


class _Reader:
    """Fetches, and knows what went wrong in a sentence."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http = http
        self._url = url
        self._date: str | None = None

    async def wait_for_playlist(self) -> str:
        """The first playlist, once there is one."""
        deadline = asyncio.get_running_loop().time() + START_WAIT_S
        while True:
            status, body = await self.get(self._url, MAX_PLAYLIST_BYTES)
            if status == HTTPStatus.OK:
                return body.decode("utf-8", "replace")
            if status not in NOT_YET or asyncio.get_running_loop().time() > deadline:
                raise ClientFailed(f"{self._url} is not live: the server answers {status}")
            await asyncio.sleep(RETRY_S)

    async def find_clock(self) -> ServerClock:
        """The clock of the server, as well as it can be known."""
        told = await ask_clock(self.http, self._url)
        if told.source == "node" or self._date is None:
            return told
        date_ns = int(parsedate_to_datetime(self._date).timestamp()) * NS_PER_S + NS_PER_S // 2  # seconds are cut off
        anchor_ns = told.clock.anchor_ns + date_ns - told.clock.now_ns()
        return ServerClock(SystemClock(anchor_ns), "date", _DATE_ERROR_MS)

    async def get(self, url: str, limit_bytes: int) -> tuple[int, bytes]:
        """Status and body.

        Raises:
            ClientFailed: no answer, or one that is too long.
        """
        try:
            async with self.http.get(url) as response:
                self._date = response.headers.get("Date")
                body = bytearray()
                async for chunk in response.content.iter_chunked(65536):
                    body += chunk
                    if len(body) > limit_bytes:
                        raise ClientFailed(f"{url} is longer than {limit_bytes} bytes")
                return response.status, bytes(body)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise unreachable(url, error) from error


class _Follower:
    """One rendition, followed from its live edge on."""

    def __init__(self, reader: _Reader, rendition: Rendition, clock: Clock) -> None:
        self._reader = reader
        self._rendition = rendition
        self._clock = clock

    async def follow(self, seconds: float) -> Followed:
        """Take what comes for so long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        view = await self._load(None)
        if view.ended:
            raise ClientFailed(f"{self._rendition.url} is not live: the stream has ended")
        followed = Followed(self._rendition, view)
        followed.problems += view.problems
        last = view.pieces[-1] if view.pieces else None
        while loop.time() < until and not followed.view.ended:
            if not followed.view.can_block:
                pause_s = max(LEAST_PAUSE_S, followed.view.target_duration_s / 2)
                await asyncio.sleep(min(pause_s, max(0.0, until - loop.time())))
            followed.view = view = await self._load(followed.view)
            listed_ns = self._clock.now_ns()
            new = [piece for piece in view.pieces if last is None or (piece.msn, piece.index) > (last.msn, last.index)]
            for piece in new:
                await self._take(followed, piece, listed_ns)
                last = piece
            followed.problems += [problem for problem in view.problems if problem not in followed.problems]
        if not followed.arrivals and seconds > LONGEST_QUIET_TARGETS * followed.view.target_duration_s:
            followed.problems.append(f"{self._rendition.name}: nothing new came in {seconds:g} s")
        return followed

    async def _load(self, before: MediaView | None) -> MediaView:
        url = self._rendition.url
        if before is not None and before.can_block:
            msn, part = before.expected
            joint = "&" if "?" in url else "?"
            url += f"{joint}_HLS_msn={msn}" + (f"&_HLS_part={part}" if before.part_target_s else "")
        status, body = await self._reader.get(url, MAX_PLAYLIST_BYTES)
        if status != HTTPStatus.OK:
            raise ClientFailed(f"{url} is not live any more: the server answers {status}")
        try:
            return view_media(parse_playlist(body.decode("utf-8", "replace"), url), self._rendition.url)
        except NotAPlaylist as error:
            raise ClientFailed(f"{url} is no HLS playlist: {error}") from error

    async def _take(self, followed: Followed, piece: Piece, listed_ns: int) -> None:
        status, body = await self._reader.get(piece.url, MAX_MEDIA_BYTES)
        if status != HTTPStatus.OK:
            followed.problems.append(f"{self._rendition.name}: listed {piece.url} and answers {status}")
            return
        if piece.capture_ns is not None:
            followed.latencies_ms.append((listed_ns - piece.capture_ns) / _NS_PER_MS)
        followed.arrivals.append((followed.seconds, listed_ns / NS_PER_S))
        followed.bytes += len(body)
        followed.seconds += piece.duration_s


def _report(url: str, told: ServerClock, problems: list[str], followed: list[Followed]) -> HlsReport:
    first = followed[0].view
    renditions = [_rendition(each) for each in followed]
    for each, rendition in zip(followed, renditions, strict=True):
        problems += each.problems + rate_problems(each.rendition, rendition.measured_bps or 0)
    problems += common_problems(each.view for each in followed)
    video = [each for each in followed if each.rendition.kind == "video"] or followed
    return HlsReport(
        url=url,
        renditions=renditions,
        target_duration_s=first.target_duration_s,
        part_target_s=first.part_target_s,
        hold_back_s=first.hold_back_s,
        part_hold_back_s=first.part_hold_back_s,
        clock=told.source,
        clock_error_ms=told.error_ms,
        latency_ms=spread([sample for each in video for sample in each.latencies_ms]),
        lateness_ms=spread([late for each in video for late in _lateness_ms(each.arrivals)]),
        problems=problems,
    )


def _rendition(followed: Followed) -> RenditionReport:
    it = followed.rendition
    measured = round(followed.bytes * 8 / followed.seconds) if followed.seconds else None
    return RenditionReport(it.url, it.kind, it.name, it.width, it.height, it.codecs, it.bandwidth_bps, measured)


def _lateness_ms(arrivals: list[tuple[float, float]]) -> list[float]:
    delays = [arrived_s - media_s for media_s, arrived_s in arrivals]
    return [(delay - min(delays)) * 1000 for delay in delays]
