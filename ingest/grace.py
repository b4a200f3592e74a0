"""Pure: the life of one broadcast as its publishers come and go.

Theory of operation. ``STARTING`` (a publisher is connecting) -> ``LIVE`` -> ``INTERRUPTED`` (the publisher vanished;
its return is awaited) -> ``LIVE`` again, or ``ENDED``. A goodbye ends a broadcast at once; one that never was live has
nothing to wait for and ends with its publisher. While a returning publisher connects, the end waits for the outcome.
"""

import enum


class Phase(enum.Enum):
    """Where a broadcast is in its life."""

    STARTING = "starting"
    LIVE = "live"
    INTERRUPTED = "interrupted"
    ENDED = "ended"


class BroadcastMachine:
    """Events in, `phase` out; see the theory of operation above. Times are in nanoseconds."""

    __slots__ = ("_deadline_ns", "_grace_ns", "_returning", "phase")

    def __init__(self, grace_ns: int) -> None:
        self.phase = Phase.STARTING
        self._grace_ns = grace_ns
        self._deadline_ns = 0
        self._returning = False

    def offered(self, now_ns: int) -> None:
        """A publisher is connecting, in the place of the one before if there is one."""
        self._returning = True
        if self.phase is Phase.LIVE:
            self._interrupt(now_ns)

    def connected(self) -> None:
        """The publisher is connected."""
        self._returning = False
        if self.phase is not Phase.ENDED:
            self.phase = Phase.LIVE

    def gone(self, now_ns: int, *, deliberate: bool) -> None:
        """The publisher is gone, or never came; deliberate if it said goodbye."""
        self._returning = False
        if deliberate or self.phase is Phase.STARTING:
            self.phase = Phase.ENDED
        elif self.phase is Phase.LIVE:
            self._interrupt(now_ns)
        self.tick(now_ns)

    def tick(self, now_ns: int) -> None:
        """Time passes."""
        if self.phase is Phase.INTERRUPTED and not self._returning and now_ns >= self._deadline_ns:
            self.phase = Phase.ENDED

    def _interrupt(self, now_ns: int) -> None:
        self.phase = Phase.INTERRUPTED
        self._deadline_ns = now_ns + self._grace_ns
