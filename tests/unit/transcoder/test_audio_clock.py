import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.audio_clock import GAP_SAMPLES, MAX_FILL_SAMPLES, MAX_STRETCH_SAMPLES, AudioClock, Placement
from transcoder.errors import TimelineBroken

PACKET = 960


def test_packets_on_time_pass_untouched() -> None:
    clock = AudioClock(0)
    assert [clock.place(n * PACKET, PACKET) for n in range(50)] == [Placement(0, 0, PACKET)] * 50


def test_a_gap_becomes_silence_of_its_length() -> None:
    clock = AudioClock(0)
    clock.place(0, PACKET)
    assert clock.place(PACKET + 24_000, PACKET) == Placement(24_000, 0, PACKET)
    assert clock.position == 2 * PACKET + 24_000


def test_an_overlap_is_trimmed_and_a_packet_of_the_past_dropped() -> None:
    clock = AudioClock(0)
    clock.place(0, PACKET)
    assert clock.place(PACKET - 500, PACKET) == Placement(0, 500, PACKET - 500)
    assert clock.place(0, PACKET) == Placement(0, PACKET, 0)


def test_a_jump_beyond_any_pause_breaks_the_timeline() -> None:
    with pytest.raises(TimelineBroken, match="ahead"):
        AudioClock(0).place(MAX_FILL_SAMPLES + 1, PACKET)


@pytest.mark.parametrize("ppm", [-1000, -100, 100, 1000])
def test_drift_is_worked_off_without_a_gap(ppm: int) -> None:
    clock = AudioClock(0)
    for n in range(6000):  # two minutes
        start = int(n * PACKET * (1 + ppm / 1e6))
        place = clock.place(start, PACKET)
        assert (place.silence, place.skip) == (0, 0)
        assert abs(place.length - PACKET) <= MAX_STRETCH_SAMPLES
        assert abs(clock.position - PACKET - start) < GAP_SAMPLES


def test_jitter_of_the_capture_clock_does_not_stretch() -> None:
    rng = random.Random(2)
    clock = AudioClock(0)
    lengths = {clock.place(n * PACKET + rng.randint(-90, 90), PACKET).length for n in range(2000)}
    assert lengths == {PACKET}


@given(st.lists(st.tuples(st.integers(-2000, 6000), st.integers(0, 3000)), max_size=60))
def test_position_counts_what_is_put_out_and_never_falls(packets: list[tuple[int, int]]) -> None:
    clock = AudioClock(100_000)
    out, start = 100_000, 100_000
    for step, samples in packets:
        start = max(0, start + step)
        place = clock.place(start, samples)
        assert 0 <= place.skip <= samples
        assert place.silence >= 0
        assert place.length >= 0
        out += place.silence + place.length
        assert clock.position == out


def test_fill_reaches_the_position_once() -> None:
    clock = AudioClock(1000)
    assert clock.fill(500) == 0
    assert clock.fill(1500) == 500
    assert clock.fill(1500) == 0
