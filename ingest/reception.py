"""Pure: how well one source is received: loss, jitter and the report block that says so (RFC 3550 6.4, A.3, A.8)."""

from infra.clock import NS_PER_S
from ingest.rtcp import ReportBlock
from ingest.serial import serial_delta

_JITTER_SHIFT = 4  # jitter is kept times 16 (RFC 3550 A.8)


class Reception:
    """Statistics of one SSRC.

    Args:
        ssrc: the source.
        clock_rate: its RTP clock in Hz.
    """

    __slots__ = (
        "_base",
        "_clock_rate",
        "_expected_before",
        "_jitter_scaled",
        "_last",
        "_received_before",
        "_report",
        "highest",
        "received",
        "ssrc",
    )

    def __init__(self, ssrc: int, clock_rate: int) -> None:
        self.ssrc = ssrc
        self._clock_rate = clock_rate
        self._base: int | None = None
        self.highest = 0
        self.received = 0
        self._expected_before = 0
        self._received_before = 0
        self._jitter_scaled = 0
        self._last: tuple[int, int] | None = None  # timestamp, arrival in ticks
        self._report: tuple[int, int] | None = None  # NTP, arrival_ns

    def on_packet(self, sequence: int, timestamp: int, arrival_ns: int) -> None:
        """An original packet (no retransmission) arrived; ``sequence`` is unwrapped."""
        if self._base is None:
            self._base = self.highest = sequence
        self.highest = max(self.highest, sequence)
        self.received += 1
        ticks = arrival_ns * self._clock_rate // NS_PER_S
        if self._last is not None and self._last[0] != timestamp:
            transit = ticks - self._last[1] - serial_delta(timestamp, self._last[0], 32)
            self._jitter_scaled += abs(transit) - ((self._jitter_scaled + 8) >> _JITTER_SHIFT)
        self._last = (timestamp, ticks)

    def on_sender_report(self, ntp: int, arrival_ns: int) -> None:
        """The source reported."""
        self._report = (ntp, arrival_ns)

    @property
    def lost(self) -> int:
        """Packets that were expected and did not come as originals; duplicates can make it negative."""
        return 0 if self._base is None else self.highest - self._base + 1 - self.received

    @property
    def jitter_ms(self) -> float:
        """Interarrival jitter in milliseconds."""
        return (self._jitter_scaled >> _JITTER_SHIFT) * 1000 / self._clock_rate

    def report_block(self, now_ns: int) -> ReportBlock:
        """The block for the next report; fractions count from the one before."""
        expected = self.lost + self.received
        new_expected = expected - self._expected_before
        new_lost = new_expected - (self.received - self._received_before)
        self._expected_before, self._received_before = expected, self.received
        fraction = min(max((new_lost << 8) // new_expected, 0), 255) if new_expected > 0 else 0
        last_report = delay = 0
        if self._report is not None:
            last_report = self._report[0] >> 16 & 0xFFFFFFFF
            delay = max(now_ns - self._report[1], 0) * 65536 // NS_PER_S
        jitter = self._jitter_scaled >> _JITTER_SHIFT
        return ReportBlock(self.ssrc, fraction, self.lost, self.highest, jitter, last_report, delay)
