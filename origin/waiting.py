"""Edge: requests that are held until what they ask for exists, bounded in number and in time."""

import asyncio
from typing import TypeVar

from origin import metrics
from origin.errors import HeldTooLong, OriginFull

_RETRY_AFTER_S = 1

Answer = TypeVar("Answer")


class WaitingRoom:
    """Counts who waits, and how long; the one who calls keeps the future, answers it, and forgets it.

    Args:
        limit: requests at once.
        hold_s: how long one is held if nothing else is said, in seconds.
    """

    __slots__ = ("_hold_s", "_limit", "held")

    def __init__(self, limit: int, hold_s: float) -> None:
        self._limit = limit
        self._hold_s = hold_s
        self.held = 0

    def admit(self) -> None:
        """Before a future is made: is there room for one more?

        Raises:
            OriginFull: there is not.
        """
        if self.held >= self._limit:
            raise OriginFull(f"request refused: {self._limit} requests are held already", _RETRY_AFTER_S)

    async def wait(self, answer: asyncio.Future[Answer], hold_s: float | None = None) -> Answer:
        """The answer, once it is there.

        Raises:
            HeldTooLong: it did not come in time; the future is cancelled.
        """
        seconds = self._hold_s if hold_s is None else hold_s
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
