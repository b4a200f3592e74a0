"""Edge: pictures and sound, each in a thread: wait until a piece is due, code it for WebRTC, hand it on."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from numpy.typing import NDArray

from infra.clock import NS_PER_S, Clock
from infra.media_file import SAMPLE_RATE, Shape

if TYPE_CHECKING:
    from av.packet import Packet

FRAME_SAMPLES = 960  # 20 ms of Opus
AUDIO_BITRATE_BPS = 96_000
KEYFRAME_EVERY_S = 10  # the server asks for those it needs
MAX_LATE_S = Fraction(1, 2)  # a machine that is too slow leaves pictures out and stays in time
_VIDEO_TIMESCALE = 90_000
_WAIT_S = 0.25  # between two looks at whether to stop


@dataclass(frozen=True, slots=True)
class Coded:
    """A coded picture or 20 ms of sound.

    Attributes:
        packet: with ``pts`` and ``time_base``.
        capture_ns: when it was due, on the clock of the timeline.
    """

    packet: "Packet[Any]"
    capture_ns: int


class Timeline:
    """Media time against a clock, until it is stopped.

    Args:
        clock: tells the time.
        limit_s: media time at which everything ends; None: never.
    """

    def __init__(self, clock: Clock, limit_s: float | None = None) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._stopped = threading.Event()
        self.start_ns = clock.now_ns()

    def due_ns(self, at_s: Fraction) -> int:
        """When a media time is due, on the clock."""
        return self.start_ns + int(at_s * NS_PER_S)

    def wait_for(self, at_s: Fraction) -> bool:
        """Wait until a media time is due; False when the timeline ends before."""
        if self._limit_s is not None and at_s >= self._limit_s:
            return False
        while (rest_ns := self.due_ns(at_s) - self._clock.now_ns()) > 0:
            if self._stopped.wait(min(_WAIT_S, rest_ns / NS_PER_S)):
                return False
        return not self._stopped.is_set()

    def is_late(self, at_s: Fraction) -> bool:
        """Whether a media time is so long ago that it is better left out."""
        return self._clock.now_ns() - self.due_ns(at_s) > MAX_LATE_S * NS_PER_S

    def stop(self) -> None:
        """End every wait."""
        self._stopped.set()


class PictureCoder:
    """libx264, constrained baseline, no delay; for one thread, but for `want_keyframe`."""

    def __init__(self, shape: Shape, bitrate_bps: int) -> None:
        context = av.CodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = shape.width, shape.height, "yuv420p"
        context.time_base, context.framerate = Fraction(1, _VIDEO_TIMESCALE), shape.frame_rate
        context.bit_rate, context.gop_size = bitrate_bps, round(shape.frame_rate * KEYFRAME_EVERY_S)
        context.options = {
            "preset": "superfast",
            "tune": "zerolatency",
            "profile": "baseline",
            "maxrate": str(bitrate_bps),
            "bufsize": str(bitrate_bps // 2),
            "forced-idr": "1",
        }
        self._context = context
        self._key_wanted = threading.Event()

    def want_keyframe(self) -> None:
        """Make the next picture one that decoding can start with."""
        self._key_wanted.set()

    def run(
        self,
        pictures: Iterable[tuple[Fraction, VideoFrame]],
        timeline: Timeline,
        emit: Callable[[Coded], None],
        leave_out: Callable[[], None],
    ) -> None:
        """Code pictures when they are due, until they or the timeline end; those that come too late are left out."""
        for at_s, picture in pictures:
            if not timeline.wait_for(at_s):
                return
            if timeline.is_late(at_s):
                leave_out()
                continue
            picture.pts, picture.time_base = int(at_s * _VIDEO_TIMESCALE), Fraction(1, _VIDEO_TIMESCALE)
            picture.pict_type = PictureType.I if self._key_wanted.is_set() else PictureType.NONE
            self._key_wanted.clear()
            for packet in self._context.encode(picture):
                emit(Coded(packet, timeline.due_ns(at_s)))


class SoundCoder:
    """libopus, stereo, frames of 20 ms."""

    def __init__(self) -> None:
        context = av.CodecContext.create("libopus", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate, context.layout, context.format = SAMPLE_RATE, "stereo", "s16"
        context.bit_rate, context.time_base = AUDIO_BITRATE_BPS, Fraction(1, SAMPLE_RATE)
        self._context = context

    def run(self, sound: Iterable[NDArray[np.int16]], timeline: Timeline, emit: Callable[[Coded], None]) -> None:
        """Code sound when it is due, until it or the timeline ends."""
        position, waiting = 0, np.zeros((0, 2), np.int16)
        for piece in sound:
            waiting = np.concatenate((waiting, piece))
            while len(waiting) >= FRAME_SAMPLES:
                at_s = Fraction(position, SAMPLE_RATE)
                if not timeline.wait_for(at_s):
                    return
                for packet in self._context.encode(_frame(waiting[:FRAME_SAMPLES], position)):
                    packet.pts = position  # the codec counts from before the start, for its delay
                    emit(Coded(packet, timeline.due_ns(at_s)))
                position, waiting = position + FRAME_SAMPLES, waiting[FRAME_SAMPLES:]


def _frame(samples: NDArray[np.int16], position: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples.reshape(1, -1)), format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE, position, Fraction(1, SAMPLE_RATE)
    return frame
