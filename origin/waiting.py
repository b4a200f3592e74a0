"""Edge: requests that are held until what they ask for exists, bounded in number and in time."""

import asyncio
from typing import TypeVar

from origin import metrics
from origin.errors import HeldTooLong, OriginFull

MAX_HELD = 20_000  # requests at once on a node; about 10 KB each
_RETRY_AFTER_S = 1

Answer = TypeVar("Answer")


class WaitingRoom:
    """Counts who waits. The one who makes the future also keeps it and answers it."""

    __slots__ = ("_limit", "held")

    def __init__(self, limit: int = MAX_HELD) -> None:
        self._limit = limit
        self.held = 0

    async def wait(self, answer: asyncio.Future[Answer], seconds: float) -> Answer:
        """The answer, once it is there.

        Raises:
            OriginFull: too many wait already.
            HeldTooLong: it did not come in time; the future is cancelled.
        """
        if self.held >= self._limit:
            answer.cancel()
            raise OriginFull(f"request refused: {self._limit} requests are held already", _RETRY_AFTER_S)
        self.held += 1
        metrics.HELD.inc()
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            metrics.HELD_TOO_LONG.inc()
            raise HeldTooLong(f"request held for {seconds:g} s in vain", _RETRY_AFTER_S) from None
        finally:
            self.held -= 1
            metrics.HELD.dec()
