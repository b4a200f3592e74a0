from fractions import Fraction

from origin.model import InitSection, Kind, Part, Segment, TrackDescription

INIT = InitSection(0, b"init", TrackDescription(Kind.VIDEO, "avc1.640020", 90_000))


def test_a_part_ends_where_the_next_one_starts() -> None:
    assert Part(0, 900, 100, independent=True).end_ticks == 1000


def test_a_segment_knows_its_length_and_end() -> None:
    segment = Segment(1, INIT, (Part(0, 0, 45_000, independent=True),), 45_000, 10**9, discontinuity=False, data=b"x")
    assert segment.duration_s == Fraction(1, 2)
    assert segment.end_ns == 1_500_000_000
    assert not segment.gap


def test_a_segment_without_parts_is_a_gap() -> None:
    assert Segment(1, INIT, (), 1, 0, discontinuity=False, data=b"").gap


def test_a_segment_whose_bytes_are_only_in_the_store_is_no_gap() -> None:
    assert not Segment(1, INIT, (), 1, 0, discontinuity=False, data=b"", stored_bytes=9).gap


def test_a_segment_that_lost_a_part_is_a_gap_wherever_it_is() -> None:
    part = Part(0, 0, 1, independent=True)
    assert Segment(1, INIT, (part,), 1, 0, discontinuity=False, data=b"x", lost=True).gap


def test_a_segment_knows_its_sizes_wherever_its_bytes_are() -> None:
    here = Segment(1, INIT, (), 1, 0, discontinuity=False, data=b"media", iframe=b"pic")
    stored = Segment(1, INIT, (), 1, 0, False, b"", stored_bytes=5, stored_iframe_bytes=3)
    assert (here.size_bytes, here.iframe_bytes) == (stored.size_bytes, stored.iframe_bytes) == (5, 3)
