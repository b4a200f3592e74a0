from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.timeline import AUDIO_TIMESCALE, BASE_S, VIDEO_TIMESCALE, Timeline

EPOCH_NS = 1_700_000_000_123_456_789
TIMELINES = [Timeline(EPOCH_NS, rate) for rate in (25, 30, 50, 60)]


@pytest.mark.parametrize("timeline", TIMELINES, ids=lambda timeline: str(timeline.frame_rate))
def test_a_frame_is_a_whole_number_of_ticks(timeline: Timeline) -> None:
    assert timeline.frame_ticks * timeline.frame_rate == VIDEO_TIMESCALE


@given(st.sampled_from(TIMELINES), st.integers(-(10**10), 10**15))
def test_the_nearest_index_is_that_of_exact_arithmetic(timeline: Timeline, offset_ns: int) -> None:
    exact = Fraction(offset_ns * timeline.frame_rate, 10**9)
    assert abs(timeline.nearest_index(EPOCH_NS + offset_ns) - exact) <= Fraction(1, 2)


@given(st.sampled_from(TIMELINES), st.integers(-200, 10**8))
def test_video_and_audio_agree_on_where_a_frame_is(timeline: Timeline, index: int) -> None:
    capture_ns = timeline.index_capture_ns(index)
    assert timeline.nearest_index(capture_ns) == index
    assert abs(timeline.capture_samples(capture_ns) - timeline.index_samples(index)) <= 1
    assert abs(timeline.media_capture_ns(timeline.index_ticks(index), VIDEO_TIMESCALE) - capture_ns) <= 1
    assert abs(timeline.media_capture_ns(timeline.index_samples(index), AUDIO_TIMESCALE) - capture_ns) <= 20_834


def test_media_time_starts_at_the_base() -> None:
    assert TIMELINES[0].index_ticks(0) == BASE_S * VIDEO_TIMESCALE
    assert TIMELINES[0].index_samples(0) == BASE_S * AUDIO_TIMESCALE
