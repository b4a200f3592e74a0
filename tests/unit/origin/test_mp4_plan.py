"""Which media becomes the MP4 file, and where: a stretch lies where the playlist has it, on the capture clock."""

from dataclasses import replace
from fractions import Fraction

from origin.journal import Record
from origin.model import NS_PER_S
from origin.mp4_plan import Mp4Plan, Stretch, plan_mp4
from support.journal_records import init, read, segment
from support.origin_media import AUDIO, HD, SOUND

LATE_NS = NS_PER_S // 10


def placed(stretch: Stretch, timescale: int) -> tuple[list[int], object]:
    """Its numbers, and where it begins in the file."""
    first = stretch.segments[0]
    return [each.msn for each in stretch.segments], stretch.shift_s + Fraction(first.start_ticks, timescale)


def begins(plan: Mp4Plan | None) -> list[list[tuple[list[int], object]]]:
    """The stretches of each track."""
    assert plan is not None
    return [[placed(each, track.rendition.track.timescale) for each in track.stretches] for track in plan.tracks]


def test_a_recording_of_one_piece_is_one_stretch_a_track() -> None:
    recording = read(
        *(init(HD), init(SOUND, track=AUDIO)),
        *(segment(HD, msn) for msn in (5, 6, 7)),
        *(segment(SOUND, msn, timescale=48_000) for msn in (5, 6, 7)),
    )
    plan = plan_mp4(recording)
    assert plan is not None
    assert (plan.start_s, plan.duration_s) == (Fraction(0), Fraction(6))
    assert [track.init for track in plan.tracks] == [0, 0]
    assert begins(plan) == [[([5, 6, 7], 0)], [([5, 6, 7], 0)]]


def test_sound_that_begins_earlier_than_the_picture_is_first_in_the_file() -> None:
    early = replace(segment(SOUND, 0, timescale=48_000), program_ns=segment(HD, 0).program_ns - LATE_NS)
    plan = plan_mp4(read(init(HD), init(SOUND, track=AUDIO), segment(HD, 0), early))
    assert begins(plan) == [[([0], Fraction(1, 10))], [([0], 0)]]


def test_each_stretch_is_moved_to_its_place_in_the_playlist() -> None:
    def times(name: str, msn: int, timescale: int, *, late_ns: int = 0) -> Record:
        made = segment(SOUND if name == "audio" else HD, msn, timescale=timescale, broken=msn == 2)
        if msn < 2:
            return replace(made, program_ns=made.program_ns + late_ns)
        away_ns = 100 * NS_PER_S  # the publisher was away, and its clock began at nothing
        return replace(made, start_ticks=(msn - 2) * 2 * timescale, program_ns=made.program_ns + away_ns + late_ns)

    records = [times("video", msn, 90_000) for msn in range(4)]
    records += [times("audio", msn, 48_000, late_ns=LATE_NS) for msn in range(4)]
    plan = plan_mp4(read(init(HD), init(SOUND, track=AUDIO), *records))
    assert begins(plan) == [
        [([0, 1], 0), ([2, 3], 4)],
        [([0, 1], Fraction(1, 10)), ([2, 3], Fraction(41, 10))],
    ]


def test_a_stretch_never_begins_before_the_one_before_it_has_ended() -> None:
    second = segment(HD, 1, broken=True)
    recording = read(init(HD), segment(HD, 0, duration_s=Fraction(9, 4)), replace(second, start_ticks=7))
    assert begins(plan_mp4(recording)) == [[([0], 0), ([1], Fraction(9, 4))]]
    audio = [segment(SOUND, 0, timescale=48_000, duration_s=Fraction(9, 4))]
    audio += [replace(segment(SOUND, 1, timescale=48_000, broken=True), start_ticks=7)]
    recording = read(init(HD), init(SOUND, track=AUDIO), segment(HD, 0), segment(HD, 1, broken=True), *audio)
    assert begins(plan_mp4(recording))[1] == [([0], 0), ([1], Fraction(9, 4))]


def test_a_gap_is_a_hole_in_its_stretch_and_a_discontinuity_at_a_gap_ends_it() -> None:
    sound: list[Record] = [init(SOUND, track=AUDIO), *(segment(SOUND, msn, timescale=48_000) for msn in range(3))]
    records = [segment(HD, msn, 0 if msn == 1 else 1000) for msn in range(3)]
    assert begins(plan_mp4(read(init(HD), *records, *sound)))[0] == [([0, 2], 0)]
    records[1] = segment(HD, 1, 0, broken=True)
    assert begins(plan_mp4(read(init(HD), *records, *sound)))[0] == [([0], 0), ([2], 4)]


def test_what_all_lost_is_jumped_over() -> None:
    plan = plan_mp4(read(init(HD), *(segment(HD, msn) for msn in (0, 1, 60, 61))))
    assert begins(plan) == [[([0, 1], 0), ([60, 61], 4)]]


def test_the_longest_run_with_equal_parameters_is_taken() -> None:
    records = [segment(HD, msn, number=int(msn >= 2), broken=msn == 2) for msn in range(5)]
    plan = plan_mp4(read(init(HD), init(HD, 1), *records))
    assert plan is not None
    assert (plan.start_s, plan.duration_s) == (Fraction(4), Fraction(6))
    assert plan.tracks[0].init == 1
    assert begins(plan) == [[([2, 3, 4], 0)]]


def test_a_track_without_media_in_the_run_is_left_out() -> None:
    sound = [segment(SOUND, msn, timescale=48_000) for msn in range(10)]
    pictures = [segment(HD, msn, 0 if msn == 0 else 1000) for msn in range(10)]
    sound[0] = replace(sound[0], duration_ticks=48_000 * 60)
    changed = [replace(each, init=1) if each.msn > 0 else each for each in sound]
    plan = plan_mp4(read(init(HD), init(SOUND, track=AUDIO), init(SOUND, 1, AUDIO), *pictures, *changed))
    assert plan is not None
    assert [track.rendition.name for track in plan.tracks] == [SOUND]


def test_nothing_becomes_of_nothing() -> None:
    assert plan_mp4(read()) is None
