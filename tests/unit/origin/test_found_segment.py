"""A segment that only the store knows is told from its bytes, if it continues the one before it."""

from dataclasses import replace
from fractions import Fraction

import pytest

from origin.found_segment import read_found
from origin.journal import BreakPlanned, InitStored, Opened, SegmentStored
from origin.model import NS_PER_S
from origin.recovery import Past, read_past
from support.cmaf_pusher import START_NS, made_up_video
from support.origin_media import HD, VIDEO, targets

SOURCE = made_up_video()
FIRST, SECOND = b"".join(SOURCE.parts(6)), b"".join(SOURCE.parts(6))
BEFORE = SegmentStored(HD, 7, 0, 900_000, 180_000, START_NS, True, 48, len(FIRST), Fraction(30))


def past(*others: BreakPlanned) -> Past:
    found = read_past([Opened(1, targets(), Fraction(2)), InitStored(HD, 0, VIDEO, len(SOURCE.init)), BEFORE, *others])
    assert found is not None
    return found


def test_its_bytes_say_what_the_journal_would_have_said() -> None:
    found = read_found(past(), BEFORE, SOURCE.init, SECOND)
    assert found == SegmentStored(
        HD, 8, 0, 1_080_000, 180_000, START_NS + 2 * NS_PER_S, False, 54, len(SECOND), Fraction(30)
    )


def test_without_a_capture_clock_it_begins_where_the_one_before_ends() -> None:
    start = SECOND.index(b"prft") - 4
    size = int.from_bytes(SECOND[start : start + 4], "big")
    found = read_found(past(), BEFORE, SOURCE.init, SECOND[:start] + SECOND[start + size :])
    assert found is not None
    assert found.program_ns == START_NS + 2 * NS_PER_S


@pytest.mark.parametrize("data", [b"", SECOND[:-1], SOURCE.init, FIRST, b"garbage of any kind"])
def test_what_is_torn_or_does_not_follow_is_not_believed(data: bytes) -> None:
    assert read_found(past(), BEFORE, SOURCE.init, data) is None


def test_nothing_is_told_behind_a_gap_or_a_discontinuity_or_without_an_init_section() -> None:
    assert read_found(past(), replace(BEFORE, size_bytes=0), SOURCE.init, SECOND) is None
    assert read_found(past(BreakPlanned(8)), BEFORE, SOURCE.init, SECOND) is None
    assert read_found(past(), BEFORE, b"", SECOND) is None
