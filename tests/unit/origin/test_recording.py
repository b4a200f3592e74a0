"""A journal and a store are read as renditions that lie side by side."""

from dataclasses import replace
from fractions import Fraction

import pytest

from infra.ids import RenditionName
from origin.errors import JournalBroken, JournalOpen
from origin.journal import BreakPlanned, Record
from origin.model import NS_PER_S
from origin.recording import KeptRendition, read_recording
from support.journal_records import ENDED, OPENED, init, read, segment
from support.origin_media import AUDIO, HD, SD, SOUND, START_NS, VIDEO


def listed(rendition: KeptRendition) -> list[tuple[int, bool, bool, int]]:
    """Segments as (msn, gap, discontinuity, init)."""
    return [(each.msn, each.gap, each.discontinuity, each.init) for each in rendition.segments]


def test_a_journal_of_two_renditions_is_read() -> None:
    sound = [segment(SOUND, msn, 32_000, timescale=48_000) for msn in range(2)]
    recording = read(init(HD), init(SOUND, track=AUDIO), segment(HD, 0), sound[0], segment(HD, 1, 250_000), sound[1])
    assert (recording.opened_ns, recording.ended_ns) == (START_NS, START_NS + 60 * NS_PER_S)
    assert recording.target_duration_s == 2
    assert recording.duration_s == 4
    video, audio = recording.renditions
    assert (video.name, audio.name) == (HD, SOUND)
    assert (video.peak_bps, video.average_bps) == (2_000_000, 1_500_000)
    assert (audio.peak_bps, audio.average_bps) == (128_000, 128_000)
    assert listed(video) == [(0, False, False, 0), (1, False, False, 0)]
    assert video.segments[1].start_ticks == 180_000
    assert video.track == VIDEO


@pytest.mark.parametrize("records", [[], [OPENED], [OPENED, init(HD), segment(HD, 0)], [OPENED, ENDED, init(HD)]])
def test_a_journal_without_an_end_is_still_open(records: list[Record]) -> None:
    with pytest.raises(JournalOpen, match="not ended"):
        read_recording(records, {}, lambda _name, _msn: True)


def test_a_journal_without_a_beginning_is_none() -> None:
    with pytest.raises(JournalBroken, match="first record"):
        read_recording([init(HD), ENDED], {}, lambda _name, _msn: True)


def test_of_a_session_without_media_nothing_is_kept() -> None:
    recording = read(init(HD), segment(HD, 0, 0), segment(SD, 0))
    assert recording.renditions == ()
    assert recording.duration_s == 0
    assert recording.best_video is None
    assert recording.smallest_video is None
    assert recording.best_audio is None


def test_what_a_rendition_missed_is_a_gap_with_the_times_of_the_others() -> None:
    longer = segment(HD, 1, duration_s=Fraction(9, 4))
    recording = read(init(HD), init(SD), segment(HD, 0), longer, segment(HD, 2), segment(SD, 2))
    low = recording.renditions[1]
    assert listed(low) == [(0, True, False, 0), (1, True, False, 0), (2, False, False, 0)]
    assert low.segments[1].duration_s == Fraction(9, 4)
    assert low.segments[1].program_ns == START_NS + 2 * NS_PER_S
    assert low.covered_s == 2
    assert [each.msn for each in low.media] == [2]


def test_records_may_come_in_any_order_and_the_last_one_of_a_segment_counts() -> None:
    recording = read(init(HD), segment(HD, 1), segment(HD, 0, 1), segment(HD, 0, 250_000))
    assert [each.size_bytes for each in recording.renditions[0].segments] == [250_000, 500_000]


def test_a_segment_that_the_store_lacks_is_a_gap_and_so_is_one_without_its_init_section() -> None:
    lost = frozenset({(HD, "s1.m4s"), (HD, "init-1.mp4")})
    records: list[Record] = [
        init(HD),
        init(HD, 1),
        *(segment(HD, msn, number=msn // 3) for msn in range(5)),
        segment(HD, 5),
        init(SD),
        *(segment(SD, msn) for msn in range(6)),
    ]
    video = read(init(HD), init(HD, 1), *records, lost=lost).renditions[0]
    assert [each.gap for each in video.segments] == [False, True, False, True, True, False]
    assert {each.init for each in video.segments} == {0}


def test_numbers_that_all_lost_are_left_out_with_a_discontinuity_in_their_place() -> None:
    high = [segment(HD, msn) for msn in (0, 1, 60)]
    gaps = [segment(HD, msn, 0) for msn in range(2, 60)]  # of a session that went on after a crash
    for rendition in read(init(HD), init(SD), *high, *gaps, segment(SD, 0), segment(SD, 60)).renditions:
        assert [(each.msn, each.discontinuity) for each in rendition.segments] == [(0, False), (1, False), (60, True)]
        assert rendition.segments[2].program_ns == START_NS + 120 * NS_PER_S


def test_a_gap_of_the_journal_stays_one_and_media_of_another_rendition_dates_it() -> None:
    gap = replace(segment(HD, 1, 0), program_ns=START_NS)
    recording = read(init(HD), init(SD), segment(HD, 0), gap, segment(HD, 2), *(segment(SD, msn) for msn in range(3)))
    high = recording.renditions[0]
    assert high.segments[1].gap
    assert high.segments[1].program_ns == START_NS + 2 * NS_PER_S


def test_numbers_of_which_nothing_is_left_are_cut_off_at_both_ends() -> None:
    lost = frozenset({(HD, "s0.m4s"), (HD, "s3.m4s")})
    (video,) = read(init(HD), *(segment(HD, msn) for msn in range(4)), lost=lost).renditions
    assert [each.msn for each in video.segments] == [1, 2]


def test_a_discontinuity_stands_in_all_renditions_but_not_at_the_very_beginning() -> None:
    high = [segment(HD, msn, broken=msn in {0, 1}) for msn in range(3)]
    low = [segment(SD, msn) for msn in (0, 2)]
    recording = read(init(HD), init(SD), *high, *low)
    for rendition in recording.renditions:
        assert [each.discontinuity for each in rendition.segments] == [False, True, False]


def test_a_discontinuity_that_was_planned_stands_although_its_segment_was_lost() -> None:
    records: list[Record] = [segment(HD, 0), BreakPlanned(2), segment(HD, 1), segment(HD, 3, number=1)]
    low: list[Record] = [init(SD), segment(SD, 2)]
    video = read(init(HD), init(HD, 1), *records, *low).renditions[0]
    assert listed(video) == [(0, False, False, 0), (1, False, False, 0), (2, True, True, 0), (3, False, False, 1)]


def test_iframes_are_those_of_segments_that_are_there_and_their_peak_is_measured() -> None:
    records = [replace(segment(HD, msn), iframe_bytes=50_000) for msn in range(3)]
    lost = frozenset({(HD, "i1.m4s"), (HD, "s2.m4s")})
    video, _ = read(init(HD), *records, init(SD), *(segment(SD, msn) for msn in range(3)), lost=lost).renditions
    assert [each.iframe_bytes for each in video.segments] == [50_000, 0, 0]
    assert video.iframe_bps == 200_000
    (tiny,) = read(init(HD), replace(segment(HD, 0, duration_s=Fraction(1, 2)), iframe_bytes=50_000)).renditions
    assert tiny.iframe_bps == 800_000
    assert read(init(HD), segment(HD, 0)).renditions[0].iframe_bps == 0


def test_equal_init_sections_become_one() -> None:
    numbers = (0, 7, 9)
    records: list[Record] = [init(HD, number) for number in numbers]
    records += [segment(HD, msn, number=number) for msn, number in enumerate(numbers)]
    inits = {(HD, 0): b"same", (HD, 7): b"same", (HD, 9): b"other", (SD, 0): b"other"}
    (video,) = read_recording([OPENED, *records, ENDED], inits, lambda _name, _msn: True).renditions
    assert [each.init for each in video.segments] == [0, 0, 9]


def test_the_frame_rate_is_the_highest_that_was_counted() -> None:
    rates = [Fraction(0), Fraction(30), Fraction(29)]
    records: list[Record] = [replace(segment(HD, msn), frame_rate=rate) for msn, rate in enumerate(rates)]
    assert read(init(HD), *records).renditions[0].frame_rate == 30


def test_a_segment_that_is_longer_than_promised_raises_the_target_duration_of_all() -> None:
    assert read(init(HD), segment(HD, 0, duration_s=Fraction(15, 4))).target_duration_s == 4
    left_out = segment(HD, 1, 0, duration_s=Fraction(9))
    assert read(init(HD), segment(HD, 0), left_out, segment(HD, 2)).target_duration_s == 2


def test_a_peak_is_measured_over_half_to_one_and_a_half_target_durations() -> None:
    short = segment(HD, 2, 300_000, duration_s=Fraction(3, 4))
    (video,) = read(init(HD), segment(HD, 0), segment(HD, 1), short).renditions
    assert video.peak_bps == 2_327_273  # 800,000 bytes in 2.75 s, rounded up
    (alone,) = read(init(HD), short).renditions
    assert alone.peak_bps == alone.average_bps == 3_200_000


def test_best_is_the_largest_picture_that_lacks_next_to_nothing() -> None:
    small = replace(VIDEO, width=640, height=360)
    other = RenditionName("b")
    records: list[Record] = [
        *(init(HD), init(SD, track=small), init(SOUND, track=AUDIO), init(other, track=AUDIO)),
        *(segment(SD, msn) for msn in range(10)),
        *(segment(SOUND, msn, timescale=48_000) for msn in range(10)),
        *(segment(other, msn, timescale=48_000) for msn in range(10)),
    ]
    recording = read(*records, *(segment(HD, msn) for msn in range(9)))
    assert recording.best_video is not None
    assert recording.best_video.name == HD
    assert recording.smallest_video is not None
    assert recording.smallest_video.name == SD
    assert recording.best_audio is not None
    assert recording.best_audio.name == SOUND
    recording = read(*records, *(segment(HD, msn) for msn in range(8)))
    assert recording.best_video is not None
    assert recording.best_video.name == SD


def test_a_recording_of_sound_alone_is_as_long_as_the_sound() -> None:
    recording = read(init(SOUND, track=AUDIO), segment(SOUND, 0, 32_000, timescale=48_000))
    assert recording.duration_s == 2


def test_the_track_is_that_of_most_segments() -> None:
    wide = replace(VIDEO, width=1920)
    records: list[Record] = [
        init(HD),
        init(HD, 1, wide),
        segment(HD, 0),
        segment(HD, 1, number=1),
        segment(HD, 2, number=1),
    ]
    assert read(*records).renditions[0].track == wide
