import dataclasses
from fractions import Fraction

import pytest

from origin.directives import Awaited
from origin.errors import DirectiveRefused
from origin.iframes import Picture, picture_file
from origin.model import InitSection, Segment
from origin.window import Targets, Window, instant_after, nominal_ticks
from support.origin_media import INIT, START_NS, VIDEO, chunk, fill, open_part, targets


def window(segments: int = 0, parts: int = 0, first_msn: int = 0) -> Window:
    """A window with finished segments and an open one of so many parts."""
    made = Window(targets(), first_msn, 0)
    fill(made, segments)
    if parts:
        open_part(made, parts)
    return made


def test_an_empty_window_lists_nothing() -> None:
    empty = Window(targets(), 5, 2)
    assert (empty.media_sequence, empty.last_finished_msn, empty.last_part, empty.playable) == (5, 4, None, False)
    assert empty.inits() == []
    assert empty.part(0) is None
    assert empty.segment(0) is None
    assert empty.close_segment() is None


def test_a_segment_is_exactly_its_parts() -> None:
    made = window(1)
    segment = made.segment(0)
    assert segment is not None
    assert segment.data == b"part" * 6
    assert segment.duration_ticks == sum(part.duration_ticks for part in segment.parts) == 180_000
    assert [part.number for part in segment.parts] == [0, 1, 2, 3, 4, 5]


def test_parts_are_numbered_through_all_segments_so_that_the_hint_is_always_right() -> None:
    made = window(1)
    assert made.next_part == 6
    open_part(made)
    assert made.part(6) == b"part"
    assert made.next_part == 7


def test_the_list_is_shortened_in_order_but_never_below_the_window() -> None:
    made = window(20)
    assert [segment.msn for segment in made.segments] == [14, 15, 16, 17, 18, 19]
    assert made.media_sequence == 14


def test_a_window_of_short_segments_keeps_six_of_them() -> None:
    made = Window(Targets(1, Fraction(1, 5), Fraction(3, 5), 3, Fraction(1)), 0, 0)
    fill(made, 10)
    assert len(made.segments) == 6


def test_the_discontinuity_sequence_counts_removed_discontinuities() -> None:
    made = Window(targets(), 0, 3)
    fill(made, 20, discontinuity_at=2)
    assert made.discontinuity_sequence == 4


def test_removed_segments_stay_retrievable_as_long_as_a_list_that_named_them_is_long() -> None:
    made = window(20)
    kept = [msn for msn in range(20) if made.segment(msn)]
    assert kept[0] < 14 - 1
    assert kept == list(range(kept[0], 20))
    assert kept[0] > 8, "but not for ever"


def test_parts_stay_retrievable_twice_as_long_as_they_are_listed() -> None:
    made = window(20)
    kept = [number for number in range(120) if made.part(number) is not None]
    assert kept == list(range(120 - 37, 120)), "12 s in thirds, and the part that reaches back to them"
    assert made.part(120) is None


@pytest.mark.parametrize(
    ("segments", "parts", "first"), [(0, 0, 0), (0, 2, 0), (1, 2, 0), (3, 0, 1), (3, 2, 1), (9, 5, 7)]
)
def test_parts_are_listed_in_three_segments_with_the_one_that_is_hinted_at(
    segments: int, parts: int, first: int
) -> None:
    assert window(segments, parts).first_msn_with_parts == first


def test_the_skip_boundary_is_six_target_durations() -> None:
    assert targets().skip_until_s == 12


def test_parts_further_than_three_target_durations_from_the_end_are_not_listed() -> None:
    made = window(1)
    made.add_gap(INIT, START_NS, 450_000, discontinuity=False)
    assert made.first_msn_with_parts == 1


def test_a_gap_takes_a_number_and_cannot_be_fetched() -> None:
    made = window(1)
    made.add_gap(INIT, START_NS, 180_000, discontinuity=True)
    assert made.segments[-1].gap
    assert made.segment(1) is None
    assert made.next_msn == 2
    assert made.last_part == (1, 0)


def test_a_window_of_gaps_alone_is_not_playable() -> None:
    made = window()
    made.add_gap(INIT, START_NS, 180_000, discontinuity=False)
    assert not made.playable
    fill(made, 1)
    assert made.playable


def test_init_sections_are_kept_while_something_needs_them() -> None:
    made = window(1)
    made.open_segment(InitSection(1, b"other", VIDEO), START_NS, discontinuity=True)
    made.add_part(chunk(6))
    assert [init.number for init in made.inits()] == [0, 1]
    made.close_segment()
    fill(made, 20)
    assert [init.number for init in made.inits()] == [0]


def test_the_last_part_is_that_of_the_open_segment_or_of_the_newest_one() -> None:
    assert window(2, parts=3).last_part == (2, 2)
    assert window(2).last_part == (1, 5)


def test_the_end_closes_the_open_segment() -> None:
    made = window(1, parts=2)
    last = made.end()
    assert last is not None
    assert last.msn == 1
    assert made.ended


@pytest.mark.parametrize(
    ("segments", "parts", "msn", "part", "satisfied"),
    [
        (2, 0, 1, None, True),  # the newest whole segment
        (2, 3, 2, None, False),  # an open segment is not whole
        (2, 3, 1, None, True),
        (2, 3, 2, 2, True),
        (2, 3, 2, 3, False),
        (2, 3, 1, 5, True),
        (2, 0, 1, 5, True),
        (2, 0, 1, 6, False),  # beyond the last part of a whole segment: part 0 of the next
        (2, 1, 1, 6, True),
        (2, 0, 2, 0, False),
        (2, 1, 3, 0, False),
        (20, 0, 3, 0, True),  # removed long ago
        (20, 0, 3, 99, True),
        (0, 0, 0, 0, False),
        (0, 1, 0, 0, True),
    ],
)
def test_a_request_is_satisfied_by_what_it_names_or_anything_later(
    segments: int, parts: int, msn: int, part: int | None, satisfied: bool
) -> None:
    assert window(segments, parts).satisfied(Awaited(msn, part)) is satisfied


def test_a_part_of_a_gap_is_as_good_as_any() -> None:
    made = window(1)
    made.add_gap(INIT, START_NS, 180_000, discontinuity=False)
    assert made.satisfied(Awaited(1, 0))


def test_what_lies_before_a_window_that_began_late_is_satisfied() -> None:
    assert window(first_msn=5).satisfied(Awaited(4, 2))


def test_after_the_end_everything_is_admitted_and_satisfied() -> None:
    made = window(1)
    made.end()
    made.admits(Awaited(1000, 1000))
    assert made.satisfied(Awaited(1000, 1000))


@pytest.mark.parametrize(
    ("segments", "parts", "msn", "part"),
    [(2, 3, 3, None), (2, 3, 3, 0), (2, 3, 2, 10), (2, 0, 2, 7), (2, 3, 1, 99), (0, 0, 1, 0), (20, 0, 0, 99)],
)
def test_a_request_a_little_ahead_is_admitted(segments: int, parts: int, msn: int, part: int | None) -> None:
    window(segments, parts).admits(Awaited(msn, part))


@pytest.mark.parametrize(
    ("segments", "parts", "msn", "part", "complaint"),
    [
        (2, 3, 4, None, "after segment 1 at most 3 is allowed"),
        (2, 3, 2**63, 0, "after segment 1 at most 3"),
        (2, 3, 2, 11, "in segment 2 at most 10 is allowed now"),
        (2, 0, 2, 8, "in segment 2 at most 7"),
        (2, 3, 3, 8, "in segment 3 at most 7"),
    ],
)
def test_a_request_too_far_ahead_is_refused(
    segments: int, parts: int, msn: int, part: int | None, complaint: str
) -> None:
    with pytest.raises(DirectiveRefused, match=complaint):
        window(segments, parts).admits(Awaited(msn, part))


def test_the_advance_part_limit_is_three_parts_when_parts_are_long() -> None:
    assert Targets(6, Fraction(1), Fraction(3), 18, Fraction(60)).part_limit == 3
    assert Targets(2, Fraction(1, 2), Fraction(3, 2), 6, Fraction(60)).part_limit == 6


def test_lengths_and_instants_are_reckoned_in_whole_ticks() -> None:
    assert nominal_ticks(Fraction(2), 48_000) == 96_000
    assert nominal_ticks(Fraction(1, 10**9), 1) == 1
    assert instant_after(START_NS, 45_000, 90_000) == START_NS + 500_000_000


def test_a_segment_keeps_the_picture_it_begins_with() -> None:
    made = window()
    for index, picture in enumerate((Picture(b"idr", 1, 0), None, Picture(b"later", 1, 0))):
        if index != 1:
            made.open_segment(INIT, START_NS, discontinuity=False)
        made.add_part(dataclasses.replace(chunk(index), picture=picture))
        if index != 0:
            made.close_segment()
    made.open_segment(INIT, START_NS, discontinuity=False)
    made.add_part(chunk(3))
    made.add_part(dataclasses.replace(chunk(4), picture=Picture(b"late", 1, 0)))
    made.close_segment()
    first, second = made.with_iframe(0), made.with_iframe(1)
    assert first is not None
    assert second is not None
    assert first.iframe == picture_file(Picture(b"idr", 1, 0), 1, 0, 60_000)
    assert second.iframe == picture_file(Picture(b"later", 1, 0), 2, 60_000, 30_000)
    assert made.with_iframe(2) is None, "it does not begin with one"
    assert made.with_iframe(3) is None


def test_lost_parts_are_listed_but_cannot_be_fetched() -> None:
    made = window(1, 2)
    made.add_lost_parts(2 * 30_000 + 7_000)
    assert made.open is not None
    lost = made.open.parts[2:]
    assert [part.gap for part in lost] == [True] * 3, "none longer than the part target"
    assert sum(part.duration_ticks for part in lost) == 67_000
    assert [part.start_ticks for part in lost] == [240_000, 262_333, 284_666]
    assert [part.number for part in lost] == [8, 9, 10]
    assert [made.part(part.number) for part in lost] == [None] * 3
    assert made.part(7) is not None
    assert (made.next_part, made.last_part) == (11, (1, 4))


def test_a_segment_that_lost_a_part_is_a_gap_but_its_picture_and_its_parts_are_there() -> None:
    made = window()
    made.open_segment(INIT, START_NS, discontinuity=False)
    made.add_part(dataclasses.replace(chunk(0), picture=Picture(b"idr", 1, 0)))
    made.add_lost_parts(30_000)
    segment = made.close_segment()
    assert segment is not None
    assert (segment.gap, segment.lost, len(segment.parts)) == (True, True, 2)
    assert made.segment(0) is None
    assert made.part(0) is not None
    assert made.with_iframe(0) is not None
    assert made.satisfied(Awaited(0, 1))
    assert not made.satisfied(Awaited(0, 2)), "that is the first part of the next segment"


def test_a_list_may_begin_with_gaps_that_leave_it_as_soon_as_they_may() -> None:
    made = Window(targets(window_s=60), 0, 0)
    made.lead_with_gaps(INIT, START_NS, 6, 180_000)
    assert [segment.gap for segment in made.segments] == [True] * 6
    assert made.segments[-1].end_ns == START_NS
    assert (made.next_msn, made.has_whole_segment) == (6, False)
    for real in range(1, 10):
        made.open_segment(INIT, START_NS + (real - 1) * 2_000_000_000, discontinuity=False)
        made.add_part(chunk(0, ticks=180_000))
        assert made.has_whole_segment is (real > 1)
        made.close_segment()
        assert made.has_whole_segment
        gaps = sum(segment.gap for segment in made.segments)
        assert gaps == max(0, 6 - real), "six segments, and three target durations, must stay"
        assert len(made.segments) == max(6, real)


def test_a_window_goes_on_with_segments_of_before() -> None:
    made = Window(targets(), 40, 2, first_part=9000)
    for msn in range(40, 44):
        made.add_known(Segment(msn, INIT, (), 180_000, START_NS, False, b"", stored_bytes=500 * (msn != 42)))
    found = made.segment(41)
    assert found is not None
    assert found.stored_bytes == 500
    assert made.segment(42) is None
    open_part(made)
    assert (made.media_sequence, made.discontinuity_sequence, made.last_part) == (40, 2, (44, 0))
    assert made.part(9000) == b"part"


def test_bytes_that_are_stored_need_not_be_kept() -> None:
    made = window(segments=12)
    before = made.segment(2), made.segment(11)
    for msn in (2, 11, 99):
        made.let_go(msn)
    for msn, known in zip((2, 11), before, strict=True):
        found = made.segment(msn)
        assert known is not None
        assert found is not None
        assert (found.data, found.stored_bytes, found.parts) == (b"", len(known.data), ())
    Window(targets(), 0, 0).let_go(0)


def test_a_picture_that_is_stored_need_not_be_kept_either() -> None:
    made = window()
    made.open_segment(INIT, START_NS, discontinuity=False)
    made.add_part(dataclasses.replace(chunk(0), picture=Picture(b"idr", 1, 0)))
    before = made.close_segment()
    assert before is not None
    made.let_go(0)
    after = made.with_iframe(0)
    assert after is not None
    assert (after.iframe, after.iframe_bytes) == (b"", len(before.iframe))
