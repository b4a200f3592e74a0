from fractions import Fraction

import pytest

from origin.tags import Quoted, date_time, decimal, lines_of, rounded_up, tag


def test_every_line_has_its_end() -> None:
    assert lines_of("#EXTM3U", "a") == "#EXTM3U\na\n"
    assert lines_of() == ""


def test_attributes_are_written_in_order_and_absent_ones_left_out() -> None:
    assert tag("EXT-X-PART", DURATION="0.3", URI=Quoted("p1.m4s"), GAP=None, LAST_MSN=3) == (
        '#EXT-X-PART:DURATION=0.3,URI="p1.m4s",LAST-MSN=3'
    )


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (Fraction(1, 3), 6, "0.333333"),
        (Fraction(2, 3), 3, "0.667"),
        (Fraction(2), 3, "2.000"),
        (Fraction(1999999, 1000000), 3, "2.000"),
    ],
)
def test_decimals_are_rounded_and_never_have_an_exponent(value: Fraction, places: int, expected: str) -> None:
    assert decimal(value, places) == expected


def test_promises_are_rounded_up() -> None:
    assert rounded_up(Fraction(1, 3), 5) == Fraction(33334, 100000)
    assert rounded_up(Fraction(1, 5), 5) == Fraction(1, 5)


@pytest.mark.parametrize(
    ("unix_ns", "expected"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_800_000_000_123_999_999, "2027-01-15T08:00:00.123Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (-(10**30), "0001-01-01T00:00:00.000Z"),
        (10**30, "9999-12-31T00:00:00.000Z"),
    ],
)
def test_dates_have_zone_and_milliseconds_whatever_the_clock_says(unix_ns: int, expected: str) -> None:
    assert date_time(unix_ns) == expected
