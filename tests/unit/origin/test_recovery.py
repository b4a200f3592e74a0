"""What a crash left of a session, and where it goes on."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import pytest

from infra.ids import RenditionName
from origin.journal import BreakPlanned, Ended, InitStored, Opened, Record, SegmentStored
from origin.listed import read
from origin.media_playlist import media_playlist
from origin.model import NS_PER_S
from origin.playlist_rules import judge
from origin.recovery import MARGIN, MAX_LOST, Past, Plan, plan_revival, read_past, revive
from origin.session import MAX_GAPS, MAX_PARTS_PER_SEGMENT, Session
from origin.window import PARTS_KEPT_TARGETS
from support.origin_media import AUDIO, HD, SD, SOUND, START_NS, VIDEO, targets

TICKS = {HD: 180_000, SD: 180_000, SOUND: 96_000}


def at(seconds: float) -> int:
    return START_NS + round(seconds * NS_PER_S)


def segment(
    name: RenditionName, msn: int, *, init: int = 0, start_s: float | None = None, breaks: bool = False, size: int = 500
) -> SegmentStored:
    starts_ns = at(2 * msn if start_s is None else start_s)
    rate = Fraction(30) if name != SOUND else Fraction(0)
    return SegmentStored(name, msn, init, 7, TICKS[name], starts_ns, breaks, 6 * msn + 6, size, rate)


def begun(*names: RenditionName, window_s: int = 12) -> list[Record]:
    inits = [InitStored(name, 0, AUDIO if name == SOUND else VIDEO, 4) for name in names]
    return [Opened(START_NS, targets(window_s), Fraction(2)), *inits]


def stored(name: RenditionName, msns: Iterable[int]) -> list[Record]:
    return [segment(name, msn) for msn in msns]


def past_of(*records: Record) -> Past:
    past = read_past(records)
    assert past is not None
    return past


def plan_of(past: Past, now_s: float) -> Plan:
    plan = plan_revival(past, at(now_s))
    assert plan is not None
    return plan


def listed(plan: Plan, name: RenditionName) -> list[tuple[int, bool]]:
    """(msn, gap) of what a rendition lists."""
    return [(record.msn, record.gap) for record in plan.listed[name]]


def revived(past: Past, plan: Plan, lost: Iterable[tuple[RenditionName, str]] = ()) -> Session:
    return revive(past, plan, dict.fromkeys(plan.inits, b"init"), set(lost))


def test_a_journal_without_a_beginning_says_nothing() -> None:
    assert read_past([]) is None
    assert read_past(stored(HD, [0])) is None


def test_a_journal_says_whether_it_has_its_end() -> None:
    assert not past_of(*begun(HD)).ended
    assert past_of(*begun(HD), Ended(1)).ended


def test_a_session_ends_with_its_newest_segment_or_where_it_began() -> None:
    assert past_of(*begun(HD)).end_ns == START_NS
    assert past_of(*begun(HD, SD), *stored(HD, [0, 1]), *stored(SD, [0])).end_ns == at(4)


def test_breaks_are_those_planned_and_those_that_segments_show() -> None:
    past = past_of(*begun(HD), segment(HD, 4, breaks=True), BreakPlanned(9))
    assert past.breaks == {4, 9}


def test_a_segment_without_its_init_section_is_left_out() -> None:
    past = past_of(*begun(HD), *stored(HD, [0]), segment(HD, 1, init=1))
    assert list(past.segments[HD]) == [0]


def test_it_goes_on_behind_every_number_that_the_time_left_room_for() -> None:
    past = past_of(*begun(HD), *stored(HD, range(10)))
    plan = plan_of(past, 20 + 5)
    assert plan.resumes_at == 10 + 3 + MARGIN
    assert listed(plan, HD) == [*((msn, False) for msn in range(10)), *((msn, True) for msn in range(10, 13 + MARGIN))]
    gaps = plan.listed[HD][10:]
    assert list(gaps) == list(plan.gaps)
    assert gaps[0].program_ns == at(20)
    assert sum(past.length_s(gap) for gap in gaps) == pytest.approx(5, abs=1e-3)


def test_a_clock_that_was_set_back_does_not_cost_the_margin() -> None:
    plan = plan_of(past_of(*begun(HD), *stored(HD, range(3))), -100)
    assert plan.resumes_at == 3 + MARGIN
    assert all(gap.duration_ticks > 0 for gap in plan.gaps)


def test_short_segments_leave_room_for_more_of_them() -> None:
    short = [SegmentStored(HD, msn, 0, 7, 90_000, at(msn), False, 6, 500) for msn in range(20)]
    assert plan_of(past_of(*begun(HD), *short), 30).resumes_at == 20 + 10 + MARGIN


def test_gaps_do_not_tell_how_long_segments_were() -> None:
    gaps = [SegmentStored(SD, msn, 0, 0, 9_000, at(msn), False, 6, 0) for msn in range(10)]
    past = past_of(*begun(HD, SD), *stored(HD, range(10)), *gaps)
    assert plan_of(past, 24).resumes_at == 10 + 2 + MARGIN


def test_long_segments_leave_room_for_as_many_as_are_nominal() -> None:
    long = [SegmentStored(HD, msn, 0, 7, 225_000, at(2.5 * msn), False, 6, 500) for msn in range(4)]
    assert plan_of(past_of(*begun(HD), *long), 20).resumes_at == 4 + 5 + MARGIN


def test_nothing_goes_on_without_a_segment_or_after_too_long_a_time() -> None:
    assert plan_revival(past_of(*begun(HD)), at(1)) is None
    past = past_of(*begun(HD, window_s=600), *stored(HD, range(3)))
    longest_s = 2 * (MAX_LOST - MARGIN)
    assert plan_revival(past, at(6 + longest_s)) is not None
    assert plan_revival(past, at(7 + longest_s)) is None


def test_nothing_goes_on_where_nothing_can_be_played() -> None:
    assert plan_revival(past_of(*begun(HD), segment(HD, 0, size=0)), at(1)) is None
    past = past_of(*begun(HD), *stored(HD, range(3)))
    assert plan_revival(past, at(6 + 30)) is not None
    assert plan_revival(past, at(6 + 40)) is None


def test_renditions_go_on_together_and_one_that_stood_further_back_has_more_gaps() -> None:
    past = past_of(*begun(HD, SOUND), *stored(HD, range(5)), *stored(SOUND, range(3)))
    plan = plan_of(past, 10)
    assert plan.resumes_at == 5 + MARGIN
    assert listed(plan, SOUND)[2:] == [(2, False), *((msn, True) for msn in range(3, 5 + MARGIN))]
    assert [gap.program_ns for gap in plan.listed[SOUND][3:5]] == [at(6), at(8)]
    assert plan.listed[SOUND][3].duration_ticks == 96_000
    assert all(record.frame_rate == 0 for record in plan.listed[SOUND])


def test_a_rendition_that_was_over_long_before_does_not_come_back() -> None:
    past = past_of(*begun(HD, SD), *stored(HD, range(MAX_GAPS + 2)), *stored(SD, [0]))
    assert set(plan_of(past, 2 * MAX_GAPS + 5).listed) == {HD}


def test_what_the_journal_lacks_between_two_segments_shares_their_time() -> None:
    past = past_of(*begun(HD), *stored(HD, [0, 1]), segment(HD, 4, start_s=7))
    plan = plan_of(past, 9)
    lacking = [record for record in plan.listed[HD] if record.msn in {2, 3}]
    assert [(record.program_ns, record.duration_ticks) for record in lacking] == [(at(4), 135_000), (at(5.5), 135_000)]
    assert set(plan.gaps) >= set(lacking)


def test_a_time_that_nobody_can_share_is_reckoned_with_nominal_lengths() -> None:
    past = past_of(*begun(HD), *stored(HD, [0]), segment(HD, 2, start_s=60, breaks=True))
    gap = plan_of(past, 62).listed[HD][1]
    assert (gap.program_ns, gap.duration_ticks, gap.discontinuity) == (at(2), 180_000, False)


def test_a_lost_segment_behind_a_discontinuity_is_dated_from_what_follows() -> None:
    records = [*begun(HD), InitStored(HD, 1, VIDEO, 5), *stored(HD, [0]), BreakPlanned(2)]
    past = past_of(*records, segment(HD, 4, start_s=60, init=1))
    gaps = plan_of(past, 62).listed[HD][1:4]
    assert [(gap.msn, gap.init, gap.discontinuity) for gap in gaps] == [(1, 0, False), (2, 1, True), (3, 1, False)]
    assert [gap.program_ns for gap in gaps] == [at(2), at(56), at(58)]


def test_a_discontinuity_that_nothing_follows_keeps_the_init_section() -> None:
    plan = plan_of(past_of(*begun(HD), *stored(HD, range(3)), BreakPlanned(3)), 6)
    assert [(gap.init, gap.discontinuity) for gap in plan.gaps] == [(0, True), (0, False), (0, False)]


def test_only_what_may_still_be_asked_for_is_listed() -> None:
    past = past_of(*begun(HD, SOUND), *stored(HD, range(1000)), *stored(SOUND, range(1000)))
    plan = plan_of(past, 2000)
    for records in plan.listed.values():
        lengths = [past.length_s(record) for record in records]
        assert sum(lengths[1:]) < 2 * 12 + PARTS_KEPT_TARGETS * 2 <= sum(lengths)
    assert plan.inits == {(HD, 0), (SOUND, 0)}


def test_the_revived_session_shows_what_it_showed_and_takes_no_number_twice() -> None:
    past = past_of(*begun(HD, SOUND), *stored(HD, range(10)), *stored(SOUND, range(10)))
    plan = plan_of(past, 21)
    session = revived(past, plan)
    assert session.playable
    for name, rendition in session.renditions.items():
        window = rendition.window
        assert window is not None
        text = media_playlist(rendition, [])
        assert judge(read(text)) == []
        assert (window.next_msn, window.next_part) == (plan.resumes_at, plan.resumes_at * MAX_PARTS_PER_SEGMENT)
        assert rendition.next_init == plan.resumes_at
        assert rendition.frame_rate == (30 if name == HD else 0)
        found = window.segment(9)
        assert found is not None
        assert (found.stored_bytes, found.data, found.program_ns) == (500, b"", at(18))
    assert session.renditions[HD].average_bps >= 2000


def test_init_sections_are_numbered_on_even_if_there_were_more_of_them_than_segments() -> None:
    inits = [InitStored(HD, number, VIDEO, 4) for number in range(40)]
    past = past_of(*begun(HD), *inits, *stored(HD, range(3)))
    assert revived(past, plan_of(past, 6)).renditions[HD].next_init == 40


def test_a_segment_that_the_store_lost_is_a_gap() -> None:
    past = past_of(*begun(HD), *stored(HD, range(4)))
    session = revived(past, plan_of(past, 8), [(HD, "s2.m4s"), (SD, "s3.m4s")])
    window = session.renditions[HD].window
    assert window is not None
    assert [each.msn for each in window.segments if not each.gap] == [0, 1, 3]
    assert window.segment(2) is None


def test_removed_discontinuities_are_counted_on() -> None:
    breaks = [segment(HD, msn, breaks=msn in {3, 500, 995}) for msn in range(1000)]
    past = past_of(*begun(HD), *breaks)
    window = revived(past, plan_of(past, 2000)).renditions[HD].window
    assert window is not None
    assert window.media_sequence > 500
    assert window.discontinuity_sequence == 2 + (window.media_sequence > 995)


def test_what_was_found_besides_is_known_from_then_on() -> None:
    past = past_of(*begun(HD), *stored(HD, range(3)))
    more = past.with_found([segment(HD, 3)])
    assert (past.newest_msn, more.newest_msn, more.end_ns) == (2, 3, at(8))


def test_an_iframe_is_known_as_long_as_the_store_has_it_also_that_of_a_gap() -> None:
    pictured = [replace(segment(HD, msn, size=500 * (msn != 1)), iframe_bytes=40 + msn) for msn in range(4)]
    past = past_of(*begun(HD, SD), *pictured, *stored(SD, range(4)))
    plan = plan_of(past, 8)
    assert {file: size for (name, file), size in plan.files.items() if name == HD} == {
        "s0.m4s": 500,
        "i0.m4s": 40,
        "i1.m4s": 41,
        "s2.m4s": 500,
        "i2.m4s": 42,
        "s3.m4s": 500,
        "i3.m4s": 43,
    }
    window = revived(past, plan, [(HD, "i2.m4s")]).renditions[HD].window
    assert window is not None
    assert [each.iframe_bytes for each in window.segments][:5] == [40, 41, 0, 43, 0]
    assert [each.gap for each in window.segments][:5] == [False, True, False, False, True]
