"""Pure: the bit rates that a multivariant playlist promises, measured on what was listed (rfc8216bis 4.1, 4.4.6.2)."""

from collections import deque
from fractions import Fraction

_SHORTEST_TARGETS, _LONGEST_TARGETS = Fraction(1, 2), Fraction(3, 2)  # target durations of a run that counts


class PeakRate:
    """The highest bit rate of any run of neighbouring segments that lasts 0.5 to 1.5 target durations."""

    __slots__ = ("_recent", "_target_s", "bps")

    def __init__(self, target_s: int) -> None:
        self._target_s = target_s
        self._recent: deque[tuple[int, Fraction]] = deque()  # (bytes, seconds), oldest first
        self.bps = 0

    def add(self, size_bytes: int, duration_s: Fraction) -> None:
        """The next segment; every run that ends with it is looked at."""
        recent = self._recent
        recent.append((size_bytes, duration_s))
        run_bytes, run_s = 0, Fraction(0)
        for count, (each_bytes, each_s) in enumerate(reversed(recent)):
            run_bytes, run_s = run_bytes + each_bytes, run_s + each_s
            if run_s > _LONGEST_TARGETS * self._target_s:
                for _ in range(len(recent) - count - 1):
                    recent.popleft()  # every run with it is too long from now on
                return
            if run_s >= _SHORTEST_TARGETS * self._target_s:
                self.bps = max(self.bps, round(run_bytes * 8 / run_s))

    def interrupt(self) -> None:
        """What comes next is no neighbour of what was before."""
        self._recent.clear()
