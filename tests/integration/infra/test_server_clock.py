"""The clock of a server over real HTTP, from one that tells the time well, badly, or not at all."""

from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from infra.clock import SystemClock
from infra.server_clock import ENOUGH_SAMPLES, MOST_SAMPLES, ServerClock, ask_clock

AHEAD_MS = 3_600_000.0


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def asked(http: ClientSession, answer: Callable[[], web.Response]) -> tuple[ServerClock, int]:
    """What is made of a server's answers, and how many times it was asked."""
    times = 0

    async def tell(_request: web.Request) -> web.Response:
        nonlocal times
        times += 1
        return answer()

    app = web.Application()
    app.router.add_get("/api/time", tell)
    async with TestServer(app) as server:
        return await ask_clock(http, str(server.make_url("/whep/film"))), times


async def test_a_server_ahead_of_us_is_followed_within_the_error_it_states(http: ClientSession) -> None:
    own = SystemClock()

    told, times = await asked(http, lambda: web.json_response({"now_ms": own.now_ns() / 1e6 + AHEAD_MS}))
    assert told.source == "node"
    assert told.error_ms is not None
    assert abs((told.clock.anchor_ns - own.anchor_ns) / 1e6 - AHEAD_MS) <= told.error_ms + 0.1
    assert ENOUGH_SAMPLES <= times <= MOST_SAMPLES


@pytest.mark.parametrize(
    "answer",
    [
        lambda: web.Response(status=404),
        lambda: web.json_response({"now": 1}),
        lambda: web.json_response([1]),
        lambda: web.json_response({"now_ms": "soon"}),
        lambda: web.Response(text='{"now_ms": 1e999}', content_type="application/json"),
        lambda: web.Response(text="{", content_type="application/json"),
        lambda: web.Response(text="1"),
    ],
)
async def test_without_a_time_it_is_our_own_clock_and_nobody_knows_the_error(
    http: ClientSession, answer: Callable[[], web.Response]
) -> None:
    told, times = await asked(http, answer)
    assert (told.source, told.error_ms, times) == ("own", None, 1)


async def test_a_server_that_is_not_there_is_not_asked_again(http: ClientSession) -> None:
    told = await ask_clock(http, "http://127.0.0.1:1/whep/film")
    assert (told.source, told.error_ms) == ("own", None)
