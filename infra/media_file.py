"""Edge: a media file as pictures and sound, over and over if wanted. Whatever FFmpeg reads will do."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from infra.errors import BadRequest

SAMPLE_RATE = 48_000
QUARTER_DEGREES = 90
MAX_WIDTH, MAX_HEIGHT = 1920, 1080  # of a picture whose size was not asked for; larger ones are scaled down
_DEFAULT_FRAME_RATE = Fraction(30)
_HOLE_SAMPLES = SAMPLE_RATE // 10  # less is the resampler's delay or rounding

Sound = NDArray[np.int16]  # shape (samples, 2), 48 kHz


class MediaUnreadable(BadRequest):
    """The file cannot be read, or has nothing to publish."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Size in pixels, both even, and pictures per second."""

    width: int
    height: int
    frame_rate: Fraction


@dataclass(frozen=True, slots=True)
class MediaFile:
    """What is in a file; pictures and sound are read through openings of their own, each in its thread.

    Attributes:
        path: of the file.
        shape: of its pictures; None without video.
        has_sound: whether there is sound.
        start_s: where its timeline begins.
        length_s: of the longer of both; None if the file does not say.
    """

    path: Path
    shape: Shape | None
    has_sound: bool
    start_s: Fraction
    length_s: Fraction | None

    def pictures(self, shape: Shape, *, loop: bool) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Pictures in a shape, at most as many a second as it has, and when each is due, in seconds from the start."""
        due_s, offset_s = Fraction(0), Fraction(0)
        while True:
            with closing(_open(self.path)) as container:
                container.streams.video[0].thread_type = "AUTO"  # a film larger than HD needs more than one core
                for frame in container.decode(video=0):
                    at_s = offset_s + _time(frame.pts, frame.time_base) - self.start_s
                    if at_s >= due_s - Fraction(1, 1000):
                        due_s = max(due_s, at_s - 1 / shape.frame_rate) + 1 / shape.frame_rate
                        yield at_s, _upright(frame, shape)
            if not loop:
                return
            offset_s += self._period_s()

    def sound(self, *, loop: bool) -> Iterator[Sound]:
        """Sound from the start on, mixed down to stereo; holes are silence, and so is what a round is short of."""
        position, rounds = 0, 0
        while True:
            begin = round(rounds * self._period_s() * SAMPLE_RATE) if loop else 0
            end = round((rounds + 1) * self._period_s() * SAMPLE_RATE) if loop else None
            for at_s, samples in self._sound_once():
                hole = begin + round(at_s * SAMPLE_RATE) - position
                if hole > _HOLE_SAMPLES:
                    yield _silence(hole)
                    position += hole
                piece = samples if end is None else samples[: max(0, end - position)]
                yield piece
                position += len(piece)
            if end is None:
                return
            yield _silence(max(0, end - position))
            position, rounds = max(position, end), rounds + 1

    def _sound_once(self) -> Iterator[tuple[Fraction, Sound]]:
        resampler = AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE)
        with closing(_open(self.path)) as container:
            for frame in container.decode(audio=0):
                at_s = _time(frame.pts, frame.time_base) - self.start_s
                for resampled in resampler.resample(frame):
                    yield at_s, resampled.to_ndarray().reshape(-1, 2).astype(np.int16, copy=False)

    def _period_s(self) -> Fraction:
        if self.length_s is None:
            raise MediaUnreadable(f"file {self.path} cannot be looped: it does not say how long it is")
        return self.length_s


def read_media_file(path: Path) -> MediaFile:
    """Look into a file.

    Raises:
        MediaUnreadable: it is not there, FFmpeg cannot read it, or it has neither video nor sound.
    """
    with closing(_open(path)) as container:
        if not container.streams.video and not container.streams.audio:
            raise MediaUnreadable(f"file {path} refused: it has neither video nor sound")
        length_s = None if container.duration is None else Fraction(container.duration, av.time_base)
        return MediaFile(
            path=path,
            shape=_shape(container),
            has_sound=bool(container.streams.audio),
            start_s=Fraction(container.start_time or 0, av.time_base),
            length_s=length_s,
        )


def _open(path: Path) -> InputContainer:
    try:
        return av.open(str(path), "r")
    except (OSError, av.FFmpegError) as error:
        raise MediaUnreadable(f"file {path} refused: {getattr(error, 'strerror', None) or error}") from error


def _shape(container: InputContainer) -> Shape | None:
    if not container.streams.video:
        return None
    stream = container.streams.video[0]
    try:
        frame = next(container.decode(stream), None)
    except av.FFmpegError as error:
        raise MediaUnreadable(f"file {container.name} refused: {error.strerror}") from error
    if frame is None:
        return None
    width, height = frame.width * float(stream.sample_aspect_ratio or 1), float(frame.height)
    if _quarters(frame) % 2:
        width, height = height, width
    share = min(1.0, MAX_WIDTH / width, MAX_HEIGHT / height)
    rate = stream.average_rate or _DEFAULT_FRAME_RATE
    return Shape(max(2, round(width * share) // 2 * 2), max(2, round(height * share) // 2 * 2), rate)


def _quarters(frame: VideoFrame) -> int:
    """Quarter turns counterclockwise, 0 to 3, that the display matrix asks for: phones film lying on their side."""
    return round(frame.rotation / QUARTER_DEGREES) % 4


def _upright(frame: VideoFrame, shape: Shape) -> VideoFrame:
    """The picture in the shape, in 4:2:0, as its file wants it to be seen."""
    quarters = _quarters(frame)
    if quarters == 0:
        return frame.reformat(shape.width, shape.height, "yuv420p")
    lying = (shape.height, shape.width) if quarters % 2 else (shape.width, shape.height)
    width, height = lying
    flat = frame.reformat(width, height, "yuv420p").to_ndarray().reshape(-1)
    luma, chroma = width * height, width * height // 4
    planes = (
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(height // 2, width // 2),
        flat[luma + chroma :].reshape(height // 2, width // 2),
    )
    turned = np.concatenate([np.rot90(plane, quarters).reshape(-1) for plane in planes])
    return VideoFrame.from_ndarray(turned.reshape(shape.height * 3 // 2, shape.width), format="yuv420p")


def _time(pts: int | None, time_base: Fraction | None) -> Fraction:
    return Fraction(pts or 0) * (time_base or 0)


def _silence(samples: int) -> Sound:
    return np.zeros((samples, 2), np.int16)
