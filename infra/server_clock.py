"""Edge: the clock of a server, asked for over HTTP, and how wrong that can be."""

from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urljoin

import aiohttp

from infra.clock import SystemClock

ENOUGH_SAMPLES = 5
MOST_SAMPLES = 20  # on a busy machine most round trips are long, and a short one is worth waiting for
GOOD_ROUND_TRIP_NS = 4_000_000
_NS_PER_MS = 1e6


@dataclass(frozen=True, slots=True)
class ServerClock:
    """A clock that goes as the server's does.

    Attributes:
        clock: the one to read.
        source: whose it is: the node's (its ``/api/time``), the server's ``Date`` header, or only our own.
        error_ms: how far it is off at most, either way; None if nobody can tell.
    """

    clock: SystemClock
    source: Literal["node", "date", "own"]
    error_ms: float | None


async def ask_clock(http: aiohttp.ClientSession, url: str) -> ServerClock:
    """The clock of the node behind a URL; our own if it does not tell the time.

    The server looked at its clock at some instant between request and answer: the middle is off by half of the round
    trip at most (RFC 5905 8, with one clock reading), so the sample with the shortest one counts.
    """
    own = SystemClock()
    best: tuple[int, int] | None = None  # round trip and offset, nanoseconds
    for taken in range(MOST_SAMPLES):
        if best is not None and taken >= ENOUGH_SAMPLES and best[0] <= GOOD_ROUND_TRIP_NS:
            break
        sample = await _sample(http, urljoin(url, "/api/time"), own)
        if sample is None:
            break
        best = min(best or sample, sample)
    if best is None:
        return ServerClock(own, "own", None)
    round_trip_ns, offset_ns = best
    return ServerClock(SystemClock(own.anchor_ns + offset_ns), "node", round(round_trip_ns / 2 / _NS_PER_MS, 1))


async def _sample(http: aiohttp.ClientSession, url: str, own: SystemClock) -> tuple[int, int] | None:
    """Round trip, and the server's clock less our own; None if it does not tell."""
    try:
        asked_ns = own.now_ns()
        async with http.get(url) as response:
            answered_ns = own.now_ns()
            document: Any = await response.json() if response.ok else None
        now_ns = round(float(document["now_ms"]) * _NS_PER_MS)
    except (aiohttp.ClientError, TimeoutError, ValueError, TypeError, KeyError, OverflowError):
        return None
    return answered_ns - asked_ns, now_ns - (asked_ns + answered_ns) // 2
