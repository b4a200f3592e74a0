from fractions import Fraction

from origin.rates import PeakRate


def peak(*segments: tuple[int, Fraction | int]) -> int:
    """Of segments as (bytes, seconds), with a target duration of two seconds."""
    rate = PeakRate(2)
    for size_bytes, duration_s in segments:
        rate.add(size_bytes, Fraction(duration_s))
    return rate.bps


def test_a_segment_shorter_than_half_the_target_duration_says_nothing_alone() -> None:
    assert peak((1000, Fraction(1, 2))) == 0
    assert peak((1000, Fraction(1, 2)), (1000, Fraction(1, 2))) == 16_000


def test_a_run_longer_than_one_and_a_half_target_durations_does_not_count() -> None:
    assert peak((1000, 4)) == 0
    assert peak((1000, 2), (3000, 2)) == 12_000, "both together are too long"
    assert peak((1000, 2), (3000, 1)) == 24_000


def test_the_highest_rate_stays() -> None:
    assert peak((5000, 2), (1000, 2), (1000, 2)) == 20_000


def test_any_run_of_neighbours_may_be_the_highest() -> None:
    third = Fraction(1, 3)
    assert peak((9000, third), (10, third), (10, third), (9000, third), (10, 2)) == round(18_020 * 8 * 3 / 4)


def test_what_was_interrupted_is_no_neighbour() -> None:
    rate = PeakRate(2)
    rate.add(1000, Fraction(1, 2))
    rate.interrupt()
    rate.add(1000, Fraction(1, 2))
    assert rate.bps == 0
