"""Waiting for what another task or process will make true."""

import asyncio
from collections.abc import Callable

import aiohttp

TIMEOUT_S = 15.0


async def eventually(claim: Callable[[], object], timeout_s: float = TIMEOUT_S) -> None:
    """Return as soon as the claim holds; fail if it does not within the timeout."""
    try:
        async with asyncio.timeout(timeout_s):
            while not claim():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError("what should become true did not") from None


async def until_listed(http: aiohttp.ClientSession, url: str) -> None:
    """Wait until the stream can be played."""
    async with asyncio.timeout(30):
        while True:
            async with http.get(url) as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.1)
