"""Pure: when was it captured? RTP time, sender reports and arrival become one timeline on the node's clock.

Theory of operation. A track's RTP time runs on a clock of its own. The machine keeps one number per track, the
*offset*: ``capture_ns = rtp_ns + offset``. It starts from arrival and is corrected towards a *target*:

- without sender reports the target is the least of (arrival - RTP time) of the last `ARRIVAL_WINDOW_NS`, less the delay
  known from an earlier report, if any: the packet that was delayed least is the best witness;
- a sender report (RFC 3550 6.4.1) maps RTP time to the publisher's NTP clock. The *node offset* maps that clock to the
  node's: 0 if reports seem to arrive within `SYNCHRONISED_NS` of being sent, else the least of (arrival - NTP time) in
  `REPORT_WINDOW_NS`. Both tracks share it, which is what keeps sound and picture together.

The offset never jumps: it moves by at most a fraction of the RTP time that passes, 1/50 for errors up to 100 ms, more
for larger ones, never more than 1/2, so a track's capture times rise whatever the reports say. When a capture time
would lie after its own arrival the correction runs at full speed.

Jumps. RTP time that runs away from arrival by `JUMP_NS` either way (a sender that starts anew, a pause without
timestamps) starts a new mapping at the arrival time less the delay known so far; so does a capture time more than
`FUTURE_NS` after its arrival, and RTP time that stays behind for `BEHIND_MAX` access units.

Reports are not trusted: a zero NTP time, a report that puts capture outside of `DELAY_NS` before arrival, and a lone
report whose NTP time is a second off the others are ignored and counted.

Invariants: capture times of a track rise by at least one RTP tick; they lie after arrival by no more than `FUTURE_NS`
and a tick for each access unit.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from infra.clock import NS_PER_S, ntp_to_unix_ns
from ingest.serial import serial_delta
from transcoder.access_unit import Track

ARRIVAL_WINDOW_NS = 10 * NS_PER_S  # long enough to see one undelayed packet, short enough to follow 100 ppm of drift
REPORT_WINDOW_NS = 60 * NS_PER_S  # Chromium's audio reports are 7 s apart
SYNCHRONISED_NS = (-5_000_000, 150_000_000)  # one-way time of a report between clocks that are both on NTP
_HYSTERESIS_NS = 50_000_000  # once taken as synchronised, until this far outside
DELAY_NS = (-100_000_000, 2 * NS_PER_S)  # capture to arrival of a live sender: encoder, pacer, network
_CLOCK_STEP_NS = NS_PER_S  # NTP times that differ by more are another clock
JUMP_NS = 3 * NS_PER_S
FUTURE_NS = NS_PER_S
BEHIND_MAX = 8  # access units in a row; pictures in decoding order fall back three at most
_BUCKET_NS = 100_000_000  # resolution of the windows; bounds them to a few hundred entries
_SLEW_PERIOD = 5 * NS_PER_S  # an error is corrected in about this much time ...
_SLEW_LEAST_NS = 100_000_000  # ... as if it were at least this large, which makes 1/50
_DRIFT_BASE_NS = 5 * NS_PER_S  # reports this far apart tell the drift


@dataclass(frozen=True, slots=True)
class TrackClock:
    """What is known of one track.

    Attributes:
        has_sender_report: capture times follow the publisher's clock; without, they follow arrival.
        delay_ns: least time from capture to arrival, None before the first access unit.
        drift_ppm: how much faster the RTP clock runs than the publisher's NTP clock, None if unknown.
        jumps: new mappings since the start.
    """

    has_sender_report: bool
    delay_ns: int | None
    drift_ppm: float | None
    jumps: int


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """What is known of all.

    Attributes:
        node_offset_ns: node clock minus publisher clock, 0 if they are synchronised, None before the first report.
        synchronised: the publisher's clock is taken as the node's.
        reports_ignored: sender reports that made no sense.
        tracks: one entry per track.
    """

    node_offset_ns: int | None
    synchronised: bool
    reports_ignored: int
    tracks: Mapping[Track, TrackClock]


class _WindowedMinimum:
    """The least value of the last ``window_ns``; memory is bounded by the number of buckets."""

    __slots__ = ("_entries", "_window_ns")

    def __init__(self, window_ns: int) -> None:
        self._window_ns = window_ns
        self._entries: deque[tuple[int, int]] = deque()  # (bucket, value), values rising

    def add(self, now_ns: int, value: int) -> int:
        """Add a value; the least one now."""
        entries = self._entries
        bucket = now_ns // _BUCKET_NS
        while entries and entries[-1][1] >= value:
            entries.pop()
        if not entries or entries[-1][0] < bucket:
            entries.append((bucket, value))
        oldest = (now_ns - self._window_ns) // _BUCKET_NS
        while entries[0][0] < oldest:
            entries.popleft()
        return entries[0][1]

    def clear(self) -> None:
        self._entries.clear()


class _Track:
    """One track's mapping."""

    __slots__ = (
        "_behind",
        "_delay_ns",
        "_drift_from",
        "_least",
        "_minimum",
        "_offset_ns",
        "_rate",
        "_report",
        "_rtp",
        "_tick_ns",
        "drift_ppm",
        "jumps",
        "last_ns",
    )

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._tick_ns = -(-NS_PER_S // rate)
        self._minimum = _WindowedMinimum(ARRIVAL_WINDOW_NS)
        self._least = 0  # of arrival - RTP time
        self._rtp: int | None = None  # unwrapped, of the newest access unit
        self._offset_ns = 0
        self._behind = 0
        self._delay_ns = 0  # assumed while there is no report: what was known from the last one
        self._report: tuple[int, int] | None = None  # (publisher's Unix ns, unwrapped RTP time)
        self._drift_from: tuple[int, int] | None = None
        self.drift_ppm: float | None = None
        self.jumps = 0
        self.last_ns: int | None = None

    def _ns(self, rtp: int) -> int:
        return rtp * NS_PER_S // self._rate

    def forget(self) -> None:
        """Another source: the mapping holds no more, but capture times still rise."""
        self.forget_report()
        self._rtp = None

    def forget_report(self) -> None:
        """The last report holds no more; the delay it taught does, until the next one."""
        if self._report is not None:
            self._delay_ns = self._known_delay_ns()
        self._report = self._drift_from = self.drift_ppm = None

    def _known_delay_ns(self) -> int:
        return min(max(self._least - self._offset_ns, 0), DELAY_NS[1])

    def _start(self, rtp: int, arrival_ns: int) -> int:
        """A new mapping."""
        self.forget_report()
        self._minimum.clear()
        self._least = self._minimum.add(arrival_ns, arrival_ns - self._ns(rtp))
        self._behind = 0
        self._rtp = rtp
        return self._emit(rtp, arrival_ns - self._delay_ns)

    def _emit(self, rtp: int, capture_ns: int) -> int:
        if self.last_ns is not None:
            capture_ns = max(capture_ns, self.last_ns + self._tick_ns)
        self.last_ns = capture_ns
        self._offset_ns = capture_ns - self._ns(rtp)
        return capture_ns

    @property
    def has_report(self) -> bool:
        return self._report is not None

    @property
    def delay_ns(self) -> int | None:
        return None if self._rtp is None else self._least - self._offset_ns

    def map(self, timestamp: int, arrival_ns: int, node_offset_ns: int) -> int:
        """Capture time of the next access unit."""
        if self._rtp is None:
            return self._start(timestamp, arrival_ns)
        delta = serial_delta(timestamp, self._rtp, 32)
        rtp = self._rtp + delta
        ahead_ns = self._least - (arrival_ns - self._ns(rtp))
        self._behind = self._behind + 1 if delta <= 0 else 0
        if abs(ahead_ns) >= JUMP_NS or self._behind > BEHIND_MAX:
            return self._jump(rtp, arrival_ns)
        if delta <= 0:  # B-frames in decoding order, or a sender's mistake
            return self._squeeze()
        self._least = self._minimum.add(arrival_ns, arrival_ns - self._ns(rtp))
        step_ns = self._ns(rtp) - self._ns(self._rtp)
        self._rtp = rtp
        capture_ns = self._ns(rtp) + self._slewed(step_ns, node_offset_ns)
        if capture_ns > arrival_ns + FUTURE_NS:
            return self._jump(rtp, arrival_ns)
        return self._emit(rtp, capture_ns)

    def _jump(self, rtp: int, arrival_ns: int) -> int:
        self.jumps += 1
        return self._start(rtp, arrival_ns)

    def _squeeze(self) -> int:
        """The least time after the access unit before; the mapping stays as it is."""
        self.last_ns = (self.last_ns or 0) + self._tick_ns
        return self.last_ns

    def _slewed(self, step_ns: int, node_offset_ns: int) -> int:
        """The offset, moved towards its target by no more than the step allows."""
        target_ns = self._least - self._delay_ns
        if self._report is not None:
            target_ns = min(self._least, self._report[0] + node_offset_ns - self._ns(self._report[1]))
        error_ns = target_ns - self._offset_ns
        most_ns = step_ns * max(abs(error_ns), _SLEW_LEAST_NS) // _SLEW_PERIOD
        if self._offset_ns > self._least or most_ns > step_ns // 2:
            most_ns = step_ns // 2
        return self._offset_ns + max(-most_ns, min(error_ns, most_ns))

    def report(self, publisher_ns: int, timestamp: int, node_offset_ns: int) -> bool:
        """Take a sender report; False if it makes no sense."""
        if self._rtp is None:
            return False
        rtp = self._rtp + serial_delta(timestamp, self._rtp, 32)
        delay_ns = self._least - (publisher_ns + node_offset_ns - self._ns(rtp))
        if not DELAY_NS[0] <= delay_ns <= DELAY_NS[1]:
            return False
        self._report = (publisher_ns, rtp)
        if self._drift_from is None:
            self._drift_from = self._report
        passed_ns = publisher_ns - self._drift_from[0]
        if passed_ns >= _DRIFT_BASE_NS:
            self.drift_ppm = ((self._ns(rtp) - self._ns(self._drift_from[1])) / passed_ns - 1) * 1e6
        return True


class CaptureClock:
    """See the module's theory of operation.

    Args:
        clock_rates: RTP clock of each track in Hz.
    """

    __slots__ = ("_ignored", "_node_offset_ns", "_reports", "_stranger_ns", "_synchronised", "_tracks")

    def __init__(self, clock_rates: Mapping[Track, int]) -> None:
        self._tracks = {track: _Track(rate) for track, rate in clock_rates.items()}
        self._reports = _WindowedMinimum(REPORT_WINDOW_NS)
        self._node_offset_ns: int | None = None  # the least of arrival - NTP time
        self._stranger_ns: int | None = None  # of a report of another clock, until a second one agrees
        self._synchronised = False
        self._ignored = 0

    def capture_ns(self, track: Track, timestamp: int, arrival_ns: int) -> int:
        """Capture instant of the next access unit of a track, Unix nanoseconds on the node's clock."""
        return self._tracks[track].map(timestamp, arrival_ns, self._applied_ns())

    def on_sender_report(self, track: Track, ntp: int, timestamp: int, arrival_ns: int) -> None:
        """A sender report: 64-bit NTP time, 32-bit RTP time, and when it arrived."""
        publisher_ns = ntp_to_unix_ns(ntp)
        believed = ntp != 0 and self._learn_node_offset(arrival_ns - publisher_ns, arrival_ns)
        if not (believed and self._tracks[track].report(publisher_ns, timestamp, self._applied_ns())):
            self._ignored += 1

    def forget(self, track: Track) -> None:
        """The track has another source now."""
        self._tracks[track].forget()

    def facts(self) -> ClockFacts:
        """What is known."""
        known = self._node_offset_ns is not None
        return ClockFacts(
            self._applied_ns() if known else None,
            self._synchronised,
            self._ignored,
            {
                name: TrackClock(track.has_report, track.delay_ns, track.drift_ppm, track.jumps)
                for name, track in self._tracks.items()
            },
        )

    def _applied_ns(self) -> int:
        return 0 if self._synchronised else self._node_offset_ns or 0

    def _learn_node_offset(self, one_way_ns: int, arrival_ns: int) -> bool:
        """Take the time between a report's NTP time and its arrival; False if it may be a mistake."""
        if self._node_offset_ns is not None and abs(one_way_ns - self._node_offset_ns) > _CLOCK_STEP_NS:
            agreed = self._stranger_ns is not None and abs(one_way_ns - self._stranger_ns) <= _CLOCK_STEP_NS
            self._stranger_ns = one_way_ns
            if not agreed:
                return False
            self._reports.clear()
            for track in self._tracks.values():
                track.forget_report()
        self._stranger_ns = None
        self._node_offset_ns = self._reports.add(arrival_ns, one_way_ns)
        slack_ns = _HYSTERESIS_NS if self._synchronised else 0
        least_ns, most_ns = SYNCHRONISED_NS
        self._synchronised = least_ns - slack_ns <= self._node_offset_ns <= most_ns + slack_ns
        return True
