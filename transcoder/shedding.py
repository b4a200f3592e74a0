"""Pure: what to leave out when the encoders do not keep up, and when to bring it back.

First, a rung whose queue is long loses single pictures: the one before is shown longer. All rungs lose them, before
they are even scaled, while many access units wait to be decoded. If that goes on for
`PATIENCE_NS`, the most costly rung that is not yet shed is reduced to one picture a part, so its playlist goes on and
its cost almost vanishes. When all queues have been short for `CALM_NS`, the rung shed last is brought back. The lowest
rung is never shed. At the start a longer queue is allowed: what came while the process began is worked off.
"""

LONG_QUEUE = 6  # pictures waiting for one encoder: 0.2 s at 30 a second
START_QUEUE = 45  # allowed for `START_NS`
START_NS = 3_000_000_000
PATIENCE_NS = 2_000_000_000
CALM_NS = 10_000_000_000


class Shedding:
    """Rungs are numbered from the most costly one, 0, to the cheapest."""

    __slots__ = ("_calm_since_ns", "_late_since_ns", "_limit", "_rungs", "_start_ns", "shed")

    def __init__(self, rungs: int, now_ns: int) -> None:
        self._rungs = rungs
        self._late_since_ns: int | None = None
        self._calm_since_ns = now_ns
        self._start_ns = now_ns
        self._limit = START_QUEUE
        self.shed = 0

    def observe(self, longest_queue: int, now_ns: int) -> None:
        """Take in the length of the longest queue; call it for every picture."""
        self._limit = START_QUEUE if now_ns - self._start_ns < START_NS else LONG_QUEUE
        if longest_queue <= self._limit:
            self._late_since_ns = None
            if self.shed and now_ns - self._calm_since_ns >= CALM_NS:
                self.shed -= 1
                self._calm_since_ns = now_ns
            return
        self._calm_since_ns = now_ns
        if self._late_since_ns is None:
            self._late_since_ns = now_ns
        elif now_ns - self._late_since_ns >= PATIENCE_NS:
            self.shed = min(self.shed + 1, self._rungs - 1)
            self._late_since_ns = now_ns

    def hurries(self, queue: int, *, opens_part: bool) -> bool:
        """So many access units wait to be decoded that this picture is for no rung; never one that opens a part."""
        return not opens_part and queue > self._limit

    def skips(self, rung: int, queue: int, *, opens_part: bool) -> bool:
        """This rung leaves out this picture; never one that opens a part."""
        return not opens_part and (rung < self.shed or queue > self._limit)
