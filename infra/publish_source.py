"""Edge: what `tandem publish` publishes: a file, or the test pattern, as pictures and sound on a timeline."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from infra.live_encoder import FRAME_SAMPLES, Timeline
from infra.media_file import SAMPLE_RATE, MediaFile, MediaUnreadable, Shape, read_media_file
from infra.pattern import Pattern, beep

TEST_SHAPE = Shape(1280, 720, Fraction(30))
DEFAULT_BITRATE_KBPS = 2500
_NS_PER_MS = 1_000_000

Pictures = Iterator[tuple[Fraction, VideoFrame]]
Samples = Iterator[NDArray[np.int16]]


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """What to publish, and where.

    Attributes:
        source: a file's path, or ``test``.
        endpoint: WHIP URL.
        loop: begin again at the end of the file.
        seconds: stop after so much media; None: at its end.
        size: width and height; None: the source's.
        fps: pictures per second at most; None: the source's.
        bitrate_kbps: of the video.
        give_up_s: how long a server that is lost may stay away; None: as long as the media lasts.
    """

    source: str
    endpoint: str
    loop: bool = False
    seconds: float | None = None
    size: tuple[int, int] | None = None
    fps: float | None = None
    bitrate_kbps: int = DEFAULT_BITRATE_KBPS
    give_up_s: float | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What is published; the iterators are made for a timeline that has started.

    Attributes:
        shape: of the pictures; None without.
        pictures: makes the pictures.
        sound: makes the sound; None without.
    """

    shape: Shape | None
    pictures: Callable[[Shape, Timeline], Pictures]
    sound: Callable[[Timeline], Samples] | None


def open_source(options: PublishOptions) -> Source:
    """The source that the options name.

    Raises:
        MediaUnreadable: it is a file that cannot be published.
    """
    if options.source == "test":
        return Source(_reshaped(TEST_SHAPE, options), _pattern_pictures, _pattern_sound)
    file = read_media_file(Path(options.source))
    if options.loop and file.length_s is None:
        raise MediaUnreadable(f"file {file.path} cannot be looped: it does not say how long it is")
    return _file_source(file, options)


def _reshaped(shape: Shape, options: PublishOptions) -> Shape:
    width, height = options.size or (shape.width, shape.height)
    rate = shape.frame_rate if options.fps is None else Fraction(options.fps).limit_denominator(1001)
    return Shape(width, height, rate)


def _file_source(file: MediaFile, options: PublishOptions) -> Source:
    def pictures(shape: Shape, _timeline: Timeline) -> Pictures:
        return file.pictures(shape, loop=options.loop)

    def sound(_timeline: Timeline) -> Samples:
        return file.sound(loop=options.loop)

    shape = None if file.shape is None else _reshaped(file.shape, options)
    return Source(shape, pictures, sound if file.has_sound else None)


def _pattern_pictures(shape: Shape, timeline: Timeline) -> Pictures:
    pattern = Pattern(shape.width, shape.height)
    for number in itertools.count():
        at_s = number / shape.frame_rate
        planes = pattern.draw(timeline.due_ns(at_s) // _NS_PER_MS)
        yield at_s, VideoFrame.from_ndarray(planes, format="yuv420p")


def _pattern_sound(timeline: Timeline) -> Samples:
    for position in itertools.count(0, FRAME_SAMPLES):
        yield beep(timeline.due_ns(Fraction(position, SAMPLE_RATE)) / _NS_PER_MS, FRAME_SAMPLES)
