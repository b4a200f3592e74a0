"""Pure: which media of a recording becomes its MP4 file, and where on the file's timeline.

An MP4 file has one set of parameters a track, so it holds the longest run of the best picture and its sound in which
no init section changes; most recordings are one run. Within it, a discontinuity begins a *stretch* with decode times of
its own: each stretch is moved to where the playlist has it, picture and sound together by their capture clock. A hole
that a playlist jumps over is thus jumped over here too; a gap is a picture that stands and sound that is silent.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from origin.model import NS_PER_S
from origin.recording import KeptRendition, KeptSegment, Recording


@dataclass(frozen=True, slots=True)
class Stretch:
    """Segments of one rendition whose decode times follow one another.

    Attributes:
        segments: without gaps; at least one.
        shift_s: what is added to their media time to get the file's time.
    """

    segments: tuple[KeptSegment, ...]
    shift_s: Fraction


@dataclass(frozen=True, slots=True)
class Mp4Track:
    """One track of the file.

    Attributes:
        rendition: whose media it is.
        init: number of its init section.
        stretches: in order; they do not overlap.
    """

    rendition: KeptRendition
    init: int
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where a segment number begins: on the file's timeline, and on the capture clock."""

    start_s: Fraction
    program_ns: int


@dataclass(frozen=True, slots=True)
class Mp4Plan:
    """What goes into the file.

    Attributes:
        tracks: the picture first; the sound alone if there is no picture.
        start_s: where the file begins on the recording's timeline.
        duration_s: how much of that timeline it holds.
    """

    tracks: tuple[Mp4Track, ...]
    start_s: Fraction
    duration_s: Fraction


def plan_mp4(recording: Recording) -> Mp4Plan | None:
    """What becomes the MP4 file; None of a recording without renditions."""
    chosen = [each for each in (recording.best_video, recording.best_audio) if each is not None]
    if not chosen:
        return None
    first, last = max(_runs(chosen), key=lambda run: sum(_media_s(each.segments[slice(*run)]) for each in chosen))
    timeline = chosen[0].segments[first:last]
    slots = dict(zip((segment.msn for segment in timeline), _slots(timeline), strict=True))
    tracks = []
    for rendition in chosen:
        stretches = tuple(_placed(rendition, rendition.segments[first:last], slots))
        if stretches:
            tracks.append(Mp4Track(rendition, stretches[0].segments[0].init, stretches))
    start_s = sum((segment.duration_s for segment in chosen[0].segments[:first]), Fraction(0))
    duration_s = sum((segment.duration_s for segment in timeline), Fraction(0))
    return Mp4Plan(_from_zero(tracks), start_s, duration_s)


def _media_s(segments: Sequence[KeptSegment]) -> Fraction:
    return sum((segment.duration_s for segment in segments if not segment.gap), Fraction(0))


def _slots(timeline: Sequence[KeptSegment]) -> Iterator[_Slot]:
    at_s = Fraction(0)
    for segment in timeline:
        yield _Slot(at_s, segment.program_ns)
        at_s += segment.duration_s


def _runs(chosen: Sequence[KeptRendition]) -> Iterator[tuple[int, int]]:
    """Where no init section changes, as (first, behind the last) segment."""
    current: dict[int, int] = {}  # index of the rendition -> its init section
    first = 0
    for index, column in enumerate(zip(*(each.segments for each in chosen), strict=True)):
        found = {track: segment.init for track, segment in enumerate(column) if not segment.gap}
        if any(current.get(track, init) != init for track, init in found.items()):
            yield first, index
            first, current = index, {}
        current |= found
    yield first, len(chosen[0].segments)


def _placed(rendition: KeptRendition, segments: Sequence[KeptSegment], slots: Mapping[int, _Slot]) -> Iterator[Stretch]:
    """The stretches of one rendition, each where its first segment belongs, or behind the one before."""
    free_s: Fraction | None = None  # end of the stretch before
    for stretch in _stretches(segments):
        begin, end = stretch[0], stretch[-1]
        timescale = rendition.tracks[begin.init].timescale
        slot = slots[begin.msn]
        begin_s = slot.start_s + Fraction(begin.program_ns - slot.program_ns, NS_PER_S)
        if free_s is not None:
            begin_s = max(begin_s, free_s)
        shift_s = begin_s - Fraction(begin.start_ticks, timescale)
        yield Stretch(tuple(stretch), shift_s)
        free_s = shift_s + Fraction(end.start_ticks, timescale) + end.duration_s


def _stretches(segments: Sequence[KeptSegment]) -> Iterator[list[KeptSegment]]:
    """The segments with media, cut at the discontinuities."""
    stretch: list[KeptSegment] = []
    for segment in segments:
        if segment.discontinuity and stretch:
            yield stretch
            stretch = []
        if not segment.gap:
            stretch.append(segment)
    if stretch:
        yield stretch


def _from_zero(tracks: Sequence[Mp4Track]) -> tuple[Mp4Track, ...]:
    """Moved together so that the earliest one begins at 0."""
    earliest_s = min(
        track.stretches[0].shift_s
        + Fraction(track.stretches[0].segments[0].start_ticks, track.rendition.tracks[track.init].timescale)
        for track in tracks
    )
    return tuple(
        Mp4Track(
            track.rendition,
            track.init,
            tuple(Stretch(each.segments, each.shift_s - earliest_s) for each in track.stretches),
        )
        for track in tracks
    )
