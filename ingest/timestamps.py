"""Pure: RTP timestamps of what is forwarded: continuous for viewers whatever the publisher's do.

Theory of operation. The exact timestamp of an access unit is its capture time in ticks. Within a run of the publisher's
RTP time the distances between access units are kept as the publisher made them, because a jitter buffer for sound takes
every deviation for a gap or an overlap; the small difference to the exact timestamp is the *lag*, and sender reports
say it. When the lag would exceed `LAG_MAX_NS` (a reconnect, a jump, much drift) a new run starts at the exact one.
"""

from infra.clock import NS_PER_S
from ingest.serial import serial_delta

LAG_MAX_NS = 100_000_000


class OutboundTimestamps:
    """One track of one stream, shared by its viewers.

    Args:
        clock_rate: in Hz.
    """

    __slots__ = ("_last", "_rate", "lag_ticks")

    def __init__(self, clock_rate: int) -> None:
        self._rate = clock_rate
        self._last: tuple[int, int] | None = None  # the publisher's, ours
        self.lag_ticks = 0

    def map(self, rtp_timestamp: int, capture_ns: int) -> int:
        """Our timestamp, unwrapped, of an access unit with the publisher's 32-bit one."""
        exact = self.exact(capture_ns)
        ours = exact
        if self._last is not None:
            ours = self._last[1] + serial_delta(rtp_timestamp, self._last[0], 32)
            if abs(ours - exact) * NS_PER_S > LAG_MAX_NS * self._rate:
                ours = max(exact, self._last[1] + 1)
        self._last = (rtp_timestamp, ours)
        self.lag_ticks = ours - exact
        return ours

    def exact(self, now_ns: int) -> int:
        """A time in ticks of this track."""
        return now_ns * self._rate // NS_PER_S
