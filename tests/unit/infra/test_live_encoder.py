"""Pictures and sound are coded when they are due."""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from infra.clock import NS_PER_S, SystemClock
from infra.live_encoder import FRAME_SAMPLES, Coded, PictureCoder, SoundCoder, Timeline
from infra.media_file import SAMPLE_RATE, Shape
from infra.publish_progress import Sent
from support.manual_clock import ManualClock

SHAPE = Shape(160, 96, Fraction(30))
LONG_AGO_NS = 3600 * NS_PER_S


def pictures(count: int, first: int = 0) -> Iterator[tuple[Fraction, VideoFrame]]:
    for number in range(first, first + count):
        planes = np.full((144, 160), number * 9 % 200, np.uint8)
        yield number / SHAPE.frame_rate, VideoFrame.from_ndarray(planes, format="yuv420p")


def is_key(coded: Coded) -> bool:
    return bool(coded.packet.is_keyframe)


def test_a_time_that_has_come_is_not_waited_for() -> None:
    clock = ManualClock()
    timeline = Timeline(clock)
    assert timeline.wait_for(Fraction(0))
    assert timeline.due_ns(Fraction(1, 2)) == clock.now_ns() + NS_PER_S // 2


def test_a_wait_ends_when_the_time_has_come() -> None:
    clock = SystemClock()
    timeline = Timeline(clock)
    assert timeline.wait_for(Fraction(1, 50))
    assert clock.now_ns() >= timeline.due_ns(Fraction(1, 50))


def test_a_stopped_timeline_ends_every_wait() -> None:
    timeline = Timeline(ManualClock())
    timeline.stop()
    assert not timeline.wait_for(Fraction(10**6))
    assert not timeline.wait_for(Fraction(0))


def test_a_timeline_with_a_limit_ends_there() -> None:
    timeline = Timeline(ManualClock(), limit_s=1.0)
    assert timeline.wait_for(Fraction(0))
    assert not timeline.wait_for(Fraction(1))


def test_pictures_are_baseline_with_a_key_first_and_where_it_is_wanted() -> None:
    coded: list[Coded] = []
    coder, timeline = PictureCoder(SHAPE, 500_000), Timeline(SystemClock())
    coder.run(pictures(3), timeline, coded.append, pytest.fail)
    coder.want_keyframe()
    coder.run(pictures(2, first=3), timeline, coded.append, pytest.fail)
    assert [is_key(each) for each in coded] == [True, False, False, True, False]
    assert [each.packet.pts for each in coded] == [0, 3000, 6000, 9000, 12000]
    assert [each.capture_ns - timeline.start_ns for each in coded] == [n * NS_PER_S // 30 for n in range(5)]
    sps = bytes(coded[0].packet).partition(b"\x00\x00\x00\x01\x67")[2]
    assert sps[0] == 66  # profile_idc: baseline
    assert sps[1] & 0x40  # constraint_set1: constrained


def test_what_was_coded_can_be_decoded() -> None:
    coded: list[Coded] = []
    PictureCoder(SHAPE, 500_000).run(pictures(3), Timeline(SystemClock()), coded.append, pytest.fail)
    decoder = av.CodecContext.create("h264", "r")
    decoded = [frame for each in coded for frame in decoder.decode(av.Packet(bytes(each.packet)))]
    decoded += decoder.decode(None)
    assert [(frame.width, frame.height) for frame in decoded] == [(160, 96)] * 3


def test_pictures_that_are_too_late_are_left_out_so_that_time_is_kept() -> None:
    clock = ManualClock()
    timeline = Timeline(clock)
    clock.advance(LONG_AGO_NS)
    coded: list[Coded] = []
    sent = Sent()
    PictureCoder(SHAPE, 500_000).run(pictures(3), timeline, coded.append, sent.leave_out)
    assert (coded, sent.left_out) == ([], 3)


def test_sound_is_20_ms_of_opus_without_a_gap_whatever_pieces_it_comes_in() -> None:
    pieces = (np.zeros((size, 2), np.int16) for size in (100, 2000, 1, 1739))
    coded: list[Coded] = []
    SoundCoder().run(pieces, Timeline(SystemClock()), coded.append)
    assert [each.packet.pts for each in coded] == [n * FRAME_SAMPLES for n in range(4)]
    assert {Fraction(each.packet.time_base) for each in coded} == {Fraction(1, SAMPLE_RATE)}


@pytest.mark.parametrize("stop_first", [True, False])
def test_a_coder_ends_with_its_timeline(stop_first: bool) -> None:
    timeline = Timeline(ManualClock(), limit_s=None if stop_first else 0.0)
    if stop_first:
        timeline.stop()
    coded: list[Coded] = []
    PictureCoder(SHAPE, 500_000).run(pictures(3), timeline, coded.append, pytest.fail)
    SoundCoder().run(iter([np.zeros((2000, 2), np.int16)]), timeline, coded.append)
    assert coded == []
