"""A clock that stands still until it is told to go."""

from infra.clock import NS_PER_S


class ManualClock:
    """`infra.clock.Clock` for tests."""

    def __init__(self, now_ns: int = 1_700_000_000 * NS_PER_S) -> None:
        self._now_ns = now_ns

    def now_ns(self) -> int:
        return self._now_ns

    def advance(self, seconds: float) -> int:
        """Go on; the new time in nanoseconds."""
        self._now_ns += round(seconds * NS_PER_S)
        return self._now_ns
