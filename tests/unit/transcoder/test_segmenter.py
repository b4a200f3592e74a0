from fractions import Fraction
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.profiles import PROFILES, LatencyProfile
from transcoder.segmenter import FIRST_PARTS, Place, Schedule
from transcoder.timeline import AUDIO_TIMESCALE, Timeline

CASES = [(profile, rate) for profile in PROFILES.values() for rate in (25, 30, 50, 60)]
IDS = [f"{profile.value}-{rate}" for profile in PROFILES for rate in (25, 30, 50, 60)]
ANCHOR = 1234
AAC = 1024


@pytest.mark.parametrize(("profile", "rate"), CASES, ids=IDS)
def test_video_parts_and_segments_keep_the_profile(profile: LatencyProfile, rate: int) -> None:
    schedule = Schedule.of_profile(profile, rate, ANCHOR)
    indices = range(ANCHOR, ANCHOR + 10 * rate)
    parts = [list(group) for _, group in groupby(indices, schedule.place)][:-1]
    for part, following in pairwise(parts):
        assert schedule.opens_part(part[0])
        assert not any(schedule.opens_part(index) for index in part[1:])
        seconds = Fraction(len(part), rate)
        last_of_segment = schedule.opens_segment(following[0])
        assert seconds <= profile.part_target_s
        assert last_of_segment or seconds >= Fraction(85, 100) * profile.part_target_s
    segments = [len(list(group)) for _, group in groupby(indices, lambda index: schedule.place(index).segment)]
    assert segments[0] == FIRST_PARTS * schedule.part_frames
    assert set(segments[1:-1]) == {profile.segment_s * rate}


@pytest.mark.parametrize(("profile", "rate"), CASES, ids=IDS)
def test_audio_parts_are_whole_frames_that_keep_the_profile(profile: LatencyProfile, rate: int) -> None:
    schedule = Schedule.of_profile(profile, rate, ANCHOR)
    frames = range(0, 60 * AUDIO_TIMESCALE, AAC)
    parts = [(place, len(list(group))) for place, group in groupby(frames, schedule.place_of_samples)][:-1]
    for (place, count), (following, _) in pairwise(parts):
        seconds = Fraction(count * AAC, AUDIO_TIMESCALE)
        assert seconds <= profile.part_target_s
        assert place.segment != following.segment or seconds >= Fraction(85, 100) * profile.part_target_s
    for _, group in groupby(parts[: -len(parts) // 10], lambda part: part[0].segment):
        duration = Fraction(sum(count for _, count in group) * AAC, AUDIO_TIMESCALE)
        assert round(duration) <= profile.target_duration_s


@given(st.sampled_from(CASES), st.integers(0, 10**7))
def test_audio_and_video_are_in_the_same_part(case: tuple[LatencyProfile, int], frame: int) -> None:
    profile, rate = case
    schedule = Schedule.of_profile(profile, rate, ANCHOR)
    timeline = Timeline(0, rate)
    samples = timeline.index_samples(ANCHOR + frame) - timeline.index_samples(ANCHOR)
    assert schedule.place_of_samples(samples + 1) == schedule.place(ANCHOR + frame)


def test_places_count_from_the_anchor() -> None:
    schedule = Schedule(anchor_index=100, frame_rate=30, part_frames=10, segment_frames=60)
    assert schedule.place(100) == Place(0, 0)
    assert schedule.place(119) == Place(0, 1)
    assert schedule.place(120) == Place(1, 0)
    assert schedule.place(179) == Place(1, 5)
    assert schedule.place(180) == Place(2, 0)
