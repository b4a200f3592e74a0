"""The capture clock under any network and any reports."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.clock import unix_ns_to_ntp
from ingest.clock import FUTURE_NS, CaptureClock
from transcoder.access_unit import Track

MS = 1_000_000
S = 1000 * MS
START = 1_700_000_000 * S
TICK_NS = -(-S // 90_000)

delays = st.lists(st.integers(0, 80), min_size=10, max_size=60)


@settings(max_examples=40, deadline=None)
@given(
    delays=delays,
    first=st.integers(0, 2**32 - 1),
    ppm=st.integers(-150, 150),
    ahead_s=st.sampled_from([0, 0, -5000, 77]),
    base_ms=st.integers(0, 60),
)
def test_after_half_a_minute_capture_is_true_or_off_by_the_least_delay(
    delays: list[int], first: int, ppm: int, ahead_s: int, base_ms: int
) -> None:
    clock = CaptureClock({Track.VIDEO: 90_000})
    oracle = Fraction(90_000 * (1_000_000 + ppm), 1_000_000)
    error = 0
    for index in range(900):
        truth = START + index * S // 30
        rtp = (first + int(Fraction(truth - START, S) * oracle)) % 2**32
        arrival = truth + (base_ms + delays[index % len(delays)]) * MS
        if index % 30 == 0:
            clock.on_sender_report(Track.VIDEO, unix_ns_to_ntp(truth + ahead_s * S), rtp, arrival)
        error = clock.capture_ns(Track.VIDEO, rtp, arrival) - truth
    if ahead_s == 0:
        # reports that are all very late cannot be told from a clock that is behind; the network here is quicker
        assert abs(error) <= 2 * MS
    else:
        reported = [base_ms + delays[index % len(delays)] for index in range(0, 900, 30)]
        least = base_ms + min(delays)
        assert least * MS - 2 * MS <= error <= min(reported) * MS + 2 * MS


events = st.lists(
    st.tuples(
        st.sampled_from(["unit", "unit", "unit", "report", "forget"]),
        st.integers(-(2**31), 2**31) | st.integers(-10_000, 10_000),
        st.integers(0, 5000) | st.integers(0, 40),
        st.integers(0, 2**64 - 1) | st.just(0),
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(events=events)
def test_whatever_comes_capture_rises_and_stays_near_arrival(events: list[tuple[str, int, int, int]]) -> None:
    clock = CaptureClock({Track.VIDEO: 90_000})
    rtp, arrival, last, units = 0, START, -1, 0
    for kind, rtp_step, passed_ms, ntp in events:
        arrival += passed_ms * MS
        rtp = (rtp + rtp_step) % 2**32
        if kind == "report":
            near = unix_ns_to_ntp(arrival) if ntp % 2 else ntp
            clock.on_sender_report(Track.VIDEO, near, rtp, arrival)
        elif kind == "forget":
            clock.forget(Track.VIDEO)
        else:
            capture = clock.capture_ns(Track.VIDEO, rtp, arrival)
            units += 1
            assert capture >= last + TICK_NS or last < 0
            assert capture <= arrival + FUTURE_NS + units * TICK_NS
            assert capture >= arrival - 10 * S
            last = capture
    clock.facts()
