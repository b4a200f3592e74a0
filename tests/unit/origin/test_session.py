import dataclasses
from fractions import Fraction

import pytest

from infra.ids import RenditionName
from origin.breaks import Breaks
from origin.errors import CmafRefused, OriginFull, SessionOver
from origin.iframes import Picture
from origin.model import NS_PER_S, InitSection, Segment
from origin.session import (
    MAX_GAPS,
    MAX_PARTS_PER_SEGMENT,
    MAX_RENDITIONS,
    MAX_SEGMENT_BYTES,
    Broken,
    End,
    Session,
    Store,
    Wake,
)
from support.origin_media import AUDIO, HD, SD, SOUND, START_NS, VIDEO, Feeder, chunk, targets


def test_parts_are_listed_as_they_come_and_a_boundary_closes_the_segment() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 0, 6)
    assert feed.window(HD).open is not None
    feed.session.drain()
    feed.boundary(HD)
    assert feed.session.drain() == [Store(HD, feed.window(HD).segments[0]), Wake(HD)]
    assert feed.window(HD).segments[0].data == b"part" * 6
    assert feed.listed(HD) == [(0, False, False, 6)]
    assert feed.session.drain() == []


def test_the_picture_a_segment_begins_with_is_stored_too() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.raw(HD, dataclasses.replace(chunk(0), picture=Picture(b"idr", 1, 0)))
    feed.session.drain()
    feed.boundary(HD)
    segment = feed.window(HD).segments[0]
    assert segment.iframe
    assert feed.session.drain() == [Store(HD, segment), Wake(HD)]


def test_init_sections_are_stored_once() -> None:
    feed = Feeder()
    feed.begin(HD, init=b"a")
    feed.init(HD, b"a")
    feed.init(HD, b"b")
    assert [action for action in feed.session.drain() if isinstance(action, Store)] == [
        Store(HD, InitSection(0, b"a", VIDEO)),
        Store(HD, InitSection(1, b"b", VIDEO)),
    ]


def test_a_session_is_playable_when_every_rendition_is() -> None:
    feed = Feeder()
    assert not feed.session.playable
    feed.begin(HD, SOUND)
    feed.part(HD, 0)
    assert not feed.session.playable
    feed.part(SOUND, 0)
    assert feed.session.playable
    assert [each.name for each in feed.session.playable_renditions()] == [HD, SOUND]


def test_a_rendition_that_is_over_is_not_waited_for_and_not_offered() -> None:
    feed = Feeder()
    feed.begin(HD, SD)
    feed.part(HD, 0)
    feed.session.detach(SD, clean=True)
    assert feed.session.playable
    assert [each.name for each in feed.session.playable_renditions()] == [HD]


def test_the_session_ends_when_all_renditions_are_over() -> None:
    feed = Feeder()
    feed.begin(HD, SOUND)
    feed.part(HD, 0)
    feed.part(SOUND, 0)
    feed.session.detach(HD, clean=True)
    assert not feed.session.ended
    feed.boundary(SOUND, last=True)
    feed.session.detach(SOUND, clean=False)
    assert feed.session.ended
    assert feed.session.drain()[-1] == End()
    assert feed.window(HD).ended
    assert len(feed.session.playable_renditions()) == 2, "an ended session is still offered whole"


def test_a_second_end_does_nothing() -> None:
    feed = Feeder()
    feed.begin(HD, SOUND)
    feed.part(HD, 0)
    feed.session.end()
    assert End() in feed.session.drain()
    feed.session.end()
    feed.session.detach(HD, clean=False)
    assert feed.session.drain() == []


def test_nothing_is_taken_after_the_end() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.session.end()
    with pytest.raises(SessionOver, match="the session has ended"):
        feed.part(HD, 0)
    with pytest.raises(SessionOver, match="the session has ended"):
        feed.session.attach(SD)


def test_a_session_has_room_for_so_many_renditions() -> None:
    feed = Feeder()
    feed.begin(*(RenditionName(f"r{number}") for number in range(MAX_RENDITIONS)))
    with pytest.raises(OriginFull, match="at most 16"):
        feed.begin(HD)


def test_a_part_above_the_part_target_is_refused() -> None:
    feed = Feeder()
    feed.begin(HD)
    with pytest.raises(CmafRefused, match=r"chunk of 0\.342 s refused: a part is at most 0\.341 s"):
        feed.raw(HD, chunk(0, ticks=30_750))
    assert feed.session.renditions[HD].window is None


def test_a_chunk_before_the_init_section_is_refused() -> None:
    feed = Feeder()
    feed.session.attach(HD)
    with pytest.raises(CmafRefused, match="the init section must come first"):
        feed.raw(HD, chunk(0))


def test_video_never_becomes_sound() -> None:
    feed = Feeder()
    feed.begin(HD)
    with pytest.raises(CmafRefused, match="the rendition carries video since it began"):
        feed.init(HD, b"sound", AUDIO)


def test_a_segment_that_nobody_closes_is_closed_before_it_is_too_long() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.boundary(HD)
    for index in range(9):
        feed.raw(HD, chunk(index))
    assert feed.listed(HD) == [(0, False, False, 7)]
    assert feed.window(HD).segments[0].duration_s <= feed.session.targets.target_duration_s + 0.5


def test_a_pusher_without_boundaries_is_cut_at_independent_parts() -> None:
    feed = Feeder()
    feed.begin(HD)
    for index in range(13):
        feed.raw(HD, chunk(index))
    assert feed.listed(HD) == [(0, False, False, 6), (1, False, False, 6)]


def test_too_many_parts_in_a_segment_are_refused() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.boundary(HD)
    for index in range(MAX_PARTS_PER_SEGMENT):
        feed.raw(HD, chunk(0, base_ticks=index, ticks=1))
    with pytest.raises(CmafRefused, match="a segment has at most 256"):
        feed.raw(HD, chunk(0, base_ticks=MAX_PARTS_PER_SEGMENT, ticks=1))


def test_too_many_bytes_in_a_segment_are_refused() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.boundary(HD)
    feed.raw(HD, chunk(0, data=bytes(MAX_SEGMENT_BYTES // 2)))
    with pytest.raises(CmafRefused, match=r"a segment has at most \d+ bytes"):
        feed.raw(HD, chunk(1, data=bytes(MAX_SEGMENT_BYTES // 2 + 1)))


def test_dates_come_from_the_capture_clock_or_go_on_or_are_now() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.now_ns = START_NS + 500_000_000
    feed.raw(HD, chunk(0, dated=False))
    opened = feed.window(HD).open
    assert opened is not None
    assert opened.program_ns == START_NS + 500_000_000 - 333_333_334, "it arrived when its last frame was over"
    for index in range(1, 6):
        feed.raw(HD, chunk(index, dated=False))
    feed.boundary(HD)
    feed.raw(HD, chunk(6, dated=False))
    opened = feed.window(HD).open
    assert opened is not None
    assert abs(opened.program_ns - (START_NS + 500_000_000 - 333_333_334 + 2 * NS_PER_S)) < 10


def test_a_second_init_section_is_a_discontinuity_in_all_renditions_at_the_same_number() -> None:
    feed = Feeder()
    feed.begin(HD, SOUND)
    for name in (HD, SOUND):
        feed.parts(name, 0, 6)
    feed.init(HD, b"new")
    feed.parts(HD, 6, 7)
    feed.parts(SOUND, 6, 7)
    assert Broken(1) in feed.session.drain()
    for name in (HD, SOUND):
        assert feed.listed(name) == [(0, False, False, 6), (1, True, False, 6)]


def test_an_interruption_closes_the_segment_and_all_go_on_behind_one_discontinuity() -> None:
    feed = Feeder()
    feed.begin(HD, SOUND)
    feed.parts(HD, 0, 9)  # into segment 1
    feed.parts(SOUND, 0, 5)  # still in segment 0
    for name in (HD, SOUND):
        feed.session.detach(name, clean=False)
    assert feed.listed(HD) == [(0, False, False, 6), (1, False, False, 3)]
    feed.begin(HD, SOUND)
    for name in (HD, SOUND):
        feed.parts(name, 18, 7, base_ticks=7)
    assert feed.listed(HD) == [(0, False, False, 6), (1, False, False, 3), (2, True, False, 6)]
    assert feed.listed(SOUND) == [(0, False, False, 5), (1, False, True, 0), (2, True, False, 6)]


def test_a_lone_rendition_that_missed_segments_comes_back_in_step() -> None:
    feed = Feeder(window_s=60)
    feed.begin(HD, SD)
    for index in range(7):
        feed.part(HD, index)
        feed.part(SD, index)
    feed.session.detach(SD, clean=False)
    feed.parts(HD, 7, 18)  # segments 1, 2, 3 are whole, 4 is open
    feed.begin(SD)
    for index in range(24, 37):
        feed.part(SD, index)
        feed.part(HD, index + 1)
    assert [(msn, gap) for msn, _, gap, _ in feed.listed(SD)] == [
        (0, False),
        (1, False),
        (2, True),
        (3, True),
        (4, True),
        (5, False),
    ]
    assert [msn for msn, broken, _, _ in feed.listed(SD) if broken] == [5]
    assert [msn for msn, broken, _, _ in feed.listed(HD) if broken] == [5]
    hd, sd = feed.window(HD).segment(5), feed.window(SD).segment(5)
    assert hd is not None
    assert sd is not None
    assert hd.program_ns == sd.program_ns


def test_what_was_missed_longer_ago_than_any_list_shows_is_reckoned() -> None:
    feed = Feeder()
    feed.begin(HD, SD)
    for name in (HD, SD):
        feed.parts(name, 0, 6)
    feed.session.detach(SD, clean=False)
    feed.parts(HD, 6, 60)
    feed.begin(SD)
    feed.part(SD, 66)
    gaps = [segment for segment in feed.window(SD).segments if segment.gap]
    stored = [each.item for each in feed.session.drain() if isinstance(each, Store) and each.rendition == SD]
    assert [each for each in stored if isinstance(each, Segment)][-len(gaps) :] == gaps
    assert [gap.duration_s for gap in gaps] == [2] * len(gaps)
    assert gaps[-1].msn == feed.window(HD).next_msn - 1


def test_a_hole_in_decode_times_is_a_discontinuity() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 0, 6)
    feed.raw(HD, chunk(6, base_ticks=20_000))  # bridged by players
    feed.raw(HD, chunk(7, base_ticks=50_000))
    assert feed.listed(HD) == [(0, False, False, 7)]
    opened = feed.window(HD).open
    assert opened is not None
    assert opened.discontinuity


def test_a_rendition_that_joins_late_gets_the_number_of_its_time() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 0, 13)
    feed.begin(SD)
    feed.part(SD, 12)
    assert feed.window(SD).media_sequence == 2
    assert feed.window(SD).discontinuity_sequence == 0


def test_a_rendition_that_begins_while_all_others_are_interrupted_begins_at_their_break() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 0, 7)
    feed.session.detach(HD, clean=False)
    feed.begin(SD)
    feed.part(SD, 18)
    feed.begin(HD)
    feed.part(HD, 18)
    for name in (HD, SD):
        opened = feed.window(name).open
        assert opened is not None
        assert (opened.msn, opened.discontinuity) == (2, True)


def test_a_clock_that_lies_far_behind_the_others_is_not_believed() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 60, 2)
    feed.begin(SD)
    feed.part(SD, 0)
    assert feed.window(SD).media_sequence == 1


def test_a_rendition_that_missed_too_much_must_begin_a_new_session() -> None:
    feed = Feeder()
    feed.begin(HD, SD)
    feed.part(HD, 0)
    feed.part(SD, 0)
    feed.session.detach(SD, clean=False)
    feed.parts(HD, 1, 6 * (MAX_GAPS + 2))
    feed.begin(SD)
    with pytest.raises(CmafRefused, match="missed more than 64 segments"):
        feed.part(SD, 6 * (MAX_GAPS + 2))


def test_silence_of_all_is_a_second_discontinuity_for_one_who_comes_back_last() -> None:
    """Segment 1 began, broke off, and time passed: its number is taken, so the next one starts behind a break too."""
    feed = Feeder()
    feed.begin(HD, SD)
    feed.part(HD, 0)
    feed.part(SD, 0)
    for name in (HD, SD):
        feed.session.detach(name, clean=False)
    feed.begin(HD)
    feed.part(HD, 6)
    feed.session.detach(HD, clean=False)
    feed.begin(SD)
    feed.part(SD, 18)
    assert feed.listed(SD) == [(0, False, False, 1), (1, True, True, 0)]
    opened = feed.window(SD).open
    assert opened is not None
    assert (opened.msn, opened.discontinuity) == (2, True)


def test_a_hole_within_a_segment_is_listed_as_lost_parts_in_this_rendition_alone() -> None:
    feed = Feeder()
    feed.begin(HD, SD)
    feed.parts(HD, 0, 2)
    feed.parts(SD, 0, 6)
    feed.session.drain()
    feed.part(HD, 4)
    assert feed.session.drain() == [Wake(HD)], "no discontinuity"
    feed.part(HD, 5)
    for name in (HD, SD):
        feed.boundary(name)
    assert feed.listed(HD) == [(0, False, True, 6)]
    assert feed.listed(SD) == [(0, False, False, 6)]
    assert [part.gap for part in feed.window(HD).segments[0].parts] == [False, False, True, True, False, False]


def test_a_hole_that_does_not_fit_into_the_open_segment_is_a_discontinuity() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 0, 2)
    feed.raw(HD, feed.video_or_audio(HD, 8))
    assert [each[1] for each in feed.listed(HD)] == [False]
    assert feed.window(HD).open is not None
    assert Broken(1) in feed.session.drain()


def test_a_hole_between_two_segments_is_a_discontinuity() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 0, 6)
    feed.part(HD, 12)
    assert Broken(1) in feed.session.drain()


def test_every_rendition_that_begins_with_the_session_has_its_leading_gaps() -> None:
    feed = Feeder(leading_gaps=6)
    feed.begin(HD, SOUND)
    feed.part(HD, 0)
    feed.part(SOUND, 0)
    for name in (HD, SOUND):
        assert feed.listed(name) == [(msn, False, True, 0) for msn in range(6)]
        opened = feed.window(name).open
        assert opened is not None
        assert (opened.msn, opened.discontinuity) == (6, False)
        assert feed.window(name).segments[0].program_ns == START_NS - 12 * NS_PER_S


def test_a_rendition_that_comes_later_has_none() -> None:
    feed = Feeder(leading_gaps=6)
    feed.begin(HD)
    feed.parts(HD, 0, 13)
    feed.begin(SD)
    feed.part(SD, 12)
    assert feed.listed(SD) == []
    assert feed.window(SD).media_sequence == 8


def test_a_session_of_before_a_restart_gives_new_renditions_numbers_that_none_can_have_had() -> None:
    feed = Feeder()
    feed.session = Session(targets(), Fraction(2), 6, Breaks([3]), resumes_at=50)
    feed.begin(HD)
    feed.part(HD, 300)
    window = feed.window(HD)
    assert (window.media_sequence, window.discontinuity_sequence) == (50, 1)
    assert window.part(50 * MAX_PARTS_PER_SEGMENT) is not None
    assert feed.session.renditions[HD].next_init == 51
