"""Capture times against a simulated publisher whose every instant is known exactly (`fractions.Fraction`)."""

from fractions import Fraction
from itertools import pairwise

import pytest

from infra.clock import unix_ns_to_ntp
from ingest.clock import BEHIND_MAX, FUTURE_NS, JUMP_NS, CaptureClock
from transcoder.access_unit import Track

MS = 1_000_000
S = 1000 * MS
START = 1_700_000_000 * S
V, A = Track.VIDEO, Track.AUDIO


class Publisher:
    """Captures at exact instants; its wall clock and RTP clocks are off by given amounts."""

    def __init__(self, *, ahead_ns: int = 0, ppm: int = 0, first: int = 0) -> None:
        self.ahead_ns, self.ppm, self.first = ahead_ns, ppm, first

    def rtp(self, capture_ns: int, rate: int = 90_000) -> int:
        ticks = Fraction(capture_ns - START, S) * rate * (1 + Fraction(self.ppm, 1_000_000))
        return (self.first + int(ticks)) % 2**32

    def ntp(self, at_ns: int) -> int:
        return unix_ns_to_ntp(at_ns + self.ahead_ns)


def video_only() -> CaptureClock:
    return CaptureClock({V: 90_000})


def play(
    clock: CaptureClock,
    publisher: Publisher,
    seconds: float,
    *,
    begin: float = 0,
    delay_ms: int = 30,
    reports: bool = True,
) -> list[int]:
    """30 pictures a second, a report each second; errors against the truth."""
    errors = []
    for index in range(int(begin * 30), int((begin + seconds) * 30)):
        truth = START + index * S // 30
        arrival = truth + delay_ms * MS
        if reports and index % 30 == 15:
            clock.on_sender_report(V, publisher.ntp(truth), publisher.rtp(truth), arrival)
        errors.append(clock.capture_ns(V, publisher.rtp(truth), arrival) - truth)
    return errors


def test_without_reports_capture_is_the_least_delayed_arrival() -> None:
    clock = video_only()
    publisher = Publisher()
    delays = [80, 30, 50, 31] * 300
    errors = []
    for index, delay_ms in enumerate(delays):
        truth = START + index * S // 30
        errors.append(clock.capture_ns(V, publisher.rtp(truth), truth + delay_ms * MS) - truth)
    assert errors[0] == 80 * MS
    assert abs(errors[-1] - 30 * MS) < MS
    assert not clock.facts().tracks[V].has_sender_report
    assert clock.facts().node_offset_ns is None


def test_a_report_moves_capture_to_the_truth_without_a_jump() -> None:
    clock = video_only()
    errors = play(clock, Publisher(), 10, delay_ms=60)
    assert errors[0] == 60 * MS
    assert abs(errors[-1]) < 20_000
    steps = [after - before for before, after in pairwise(errors)]
    assert all(abs(step) <= S // 30 // 50 + 12_000 for step in steps)
    facts = clock.facts()
    assert facts.synchronised
    assert facts.node_offset_ns == 0
    assert facts.tracks[V].delay_ns == pytest.approx(60 * MS, abs=20_000)


@pytest.mark.parametrize("ahead_s", [-3600, -2, 2, 86_400])
def test_a_publisher_with_another_clock_is_mapped_by_the_least_delay_of_its_reports(ahead_s: int) -> None:
    clock = video_only()
    errors = play(clock, Publisher(ahead_ns=ahead_s * S), 20)
    assert abs(errors[-1] - 30 * MS) < MS
    facts = clock.facts()
    assert not facts.synchronised
    assert facts.node_offset_ns == pytest.approx(-ahead_s * S + 30 * MS, abs=2)


def test_sound_and_picture_share_the_offset_of_the_clocks() -> None:
    clock = CaptureClock({V: 90_000, A: 48_000})
    publisher = Publisher(ahead_ns=-500 * S)
    skews = []
    for index in range(600):
        truth = START + index * S // 30
        picture = clock.capture_ns(V, publisher.rtp(truth), truth + 90 * MS)
        sound = clock.capture_ns(A, publisher.rtp(truth, 48_000), truth + 20 * MS)
        skews.append(abs(picture - sound))
        if index % 60 == 10:
            clock.on_sender_report(V, publisher.ntp(truth), publisher.rtp(truth), truth + 20 * MS)
            clock.on_sender_report(A, publisher.ntp(truth), publisher.rtp(truth, 48_000), truth + 25 * MS)
    assert skews[0] == 70 * MS
    assert max(skews[300:]) < MS


def test_the_rtp_time_wraps_unnoticed() -> None:
    clock = video_only()
    errors = play(clock, Publisher(first=2**32 - 90_000), 10)
    assert abs(errors[-1]) < 20_000
    assert clock.facts().tracks[V].jumps == 0


@pytest.mark.parametrize("ppm", [-200, 200])
def test_a_drifting_rtp_clock_is_followed_and_measured(ppm: int) -> None:
    clock = video_only()
    errors = play(clock, Publisher(ppm=ppm), 120)
    assert max(map(abs, errors[300:])) < MS
    assert clock.facts().tracks[V].drift_ppm == pytest.approx(ppm, abs=3)


@pytest.mark.parametrize("ppm", [-200, 200])
def test_a_drifting_rtp_clock_without_reports_is_followed_by_arrival(ppm: int) -> None:
    clock = video_only()
    errors = play(clock, Publisher(ppm=ppm), 120, reports=False)
    assert max(abs(error - 30 * MS) for error in errors) < 3 * MS
    assert clock.facts().tracks[V].drift_ppm is None


@pytest.mark.parametrize("jump_s", [-100, -3.5, 3.5, 20_000])
def test_after_a_jump_of_the_rtp_time_capture_goes_on_with_the_known_delay(jump_s: float) -> None:
    clock = video_only()
    play(clock, Publisher(), 10)
    jumped = Publisher(first=int(jump_s * 90_000) % 2**32)
    errors = play(clock, jumped, 10, begin=10)
    assert abs(errors[0]) < MS
    assert max(map(abs, errors)) < MS
    facts = clock.facts().tracks[V]
    assert facts.jumps == 1
    assert facts.has_sender_report


def test_a_pause_in_which_rtp_time_stands_still_is_a_jump() -> None:
    clock = video_only()
    play(clock, Publisher(), 5)
    errors = play(clock, Publisher(first=-20 * 90_000 % 2**32), 5, begin=25)
    assert max(map(abs, errors)) < MS
    assert clock.facts().tracks[V].jumps == 1


def test_a_small_step_back_that_stays_is_a_jump_after_a_few_pictures() -> None:
    clock = video_only()
    play(clock, Publisher(), 5)
    errors = play(clock, Publisher(first=-90_000 % 2**32), 5, begin=5)
    assert clock.facts().tracks[V].jumps == 1
    assert max(map(abs, errors[BEHIND_MAX:])) < MS


def test_pictures_in_decoding_order_rise_by_a_tick() -> None:
    clock = video_only()
    times = [
        clock.capture_ns(V, 90_000 + 3000 * index, START + arrival * 33 * MS)
        for arrival, index in enumerate([0, 3, 1, 2, 6, 4, 5])
    ]
    assert times == sorted(set(times))
    assert times[2] - times[1] == -(-S // 90_000)
    assert clock.facts().tracks[V].jumps == 0


def test_another_source_goes_on_with_the_known_delay() -> None:
    clock = video_only()
    clock.forget(V)  # before anything came
    play(clock, Publisher(), 10)
    clock.forget(V)
    assert clock.facts().tracks[V].delay_ns is None
    errors = play(clock, Publisher(first=123_456_789), 5, begin=10, reports=False)
    assert max(map(abs, errors)) < MS


def test_capture_far_in_the_future_starts_anew() -> None:
    clock = video_only()
    stalled = START + JUMP_NS - 500 * MS
    first = clock.capture_ns(V, 0, stalled)  # the first packet was late by 2.5 s, what follows is not
    times = [clock.capture_ns(V, index * 3000, START + index * S // 30) for index in range(1, 200)]
    assert first == stalled
    assert times == sorted(set(times))
    assert clock.facts().tracks[V].jumps > 0
    assert abs(times[-1] - (START + 199 * S // 30)) < 40 * MS


def test_a_report_that_makes_no_sense_is_ignored_and_counted() -> None:
    clock = video_only()
    publisher = Publisher()
    clock.on_sender_report(V, publisher.ntp(START), 0, START)  # before any picture
    play(clock, publisher, 5)
    arrival = START + 5 * S + 30 * MS
    clock.on_sender_report(V, 0, publisher.rtp(arrival), arrival)
    clock.on_sender_report(V, publisher.ntp(arrival + 40 * S), publisher.rtp(arrival), arrival)  # a lone other clock
    clock.on_sender_report(V, publisher.ntp(arrival), publisher.rtp(arrival - 10 * S), arrival)
    clock.on_sender_report(V, publisher.ntp(arrival), publisher.rtp(arrival + 10 * S), arrival)
    assert clock.facts().reports_ignored == 5
    assert max(map(abs, play(clock, publisher, 5, begin=5))) < MS


def test_a_step_of_the_publishers_clock_is_believed_the_second_time() -> None:
    clock = video_only()
    play(clock, Publisher(), 10)
    errors = play(clock, Publisher(ahead_ns=90 * S), 20, begin=10)
    assert clock.facts().reports_ignored == 1
    assert clock.facts().node_offset_ns == pytest.approx(-90 * S + 30 * MS, abs=2)
    assert max(map(abs, errors[:15])) < MS  # until it is believed, what was known holds
    assert max(map(abs, errors)) < 31 * MS  # a clock that is off: at worst arrival


def test_two_strange_reports_that_disagree_are_two_mistakes() -> None:
    clock = video_only()
    play(clock, Publisher(), 5)
    arrival = START + 5 * S
    for ahead_s in (50, -50):
        clock.on_sender_report(V, Publisher(ahead_ns=ahead_s * S).ntp(arrival), 0, arrival)
    assert clock.facts().reports_ignored == 2
    assert clock.facts().synchronised


def test_clocks_that_are_nearly_synchronised_do_not_flip() -> None:
    clock = video_only()
    play(clock, Publisher(ahead_ns=-100 * MS), 3)
    assert clock.facts().synchronised
    play(clock, Publisher(ahead_ns=-140 * MS), 70, begin=3)
    assert clock.facts().synchronised


def test_a_burst_after_an_outage_never_runs_far_into_the_future() -> None:
    clock = video_only()
    publisher = Publisher()
    play(clock, publisher, 5)
    back = START + 15 * S  # ten seconds without a packet, then all of them
    times = [clock.capture_ns(V, publisher.rtp(START + index * S // 30), back) for index in range(150, 450)]
    assert times == sorted(set(times))
    assert max(times) <= back + FUTURE_NS + 300 * 12_000
    errors = play(clock, publisher, 20, begin=15)
    assert abs(errors[-1]) < MS
