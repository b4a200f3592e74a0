"""Pure: a finished session as it is kept: the records of its journal as renditions that lie side by side.

All renditions of a recording have the same segment numbers, so that the same place in their lists is the same time:
players that change between finished lists go by that. A number of which a rendition has no media (it came late, it was
given up, the store lost or no longer has the object) is a gap, dated and as long as in another rendition.
Discontinuities stand at the same numbers in all.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from infra.ids import RenditionName
from origin.errors import JournalBroken, JournalOpen
from origin.journal import BreakPlanned, Ended, InitStored, Opened, Record, SegmentStored
from origin.model import NS_PER_S, Kind, TrackDescription

_SHORTEST, _LONGEST = Fraction(1, 2), Fraction(3, 2)  # target durations over which a peak is measured (rfc8216bis 4.1)
_NEARLY_ALL = Fraction(9, 10)  # of the longest rendition: enough to stand for the whole recording

Inits = Mapping[tuple[RenditionName, int], bytes]  # init sections by rendition and number
Has = Callable[[RenditionName, int], bool]  # whether the store has the segment of this number


@dataclass(frozen=True, slots=True)
class KeptSegment:
    """One segment of a kept rendition.

    Attributes:
        msn: media sequence number, the same in all renditions.
        init: number of the init section it is decoded with.
        start_ticks: decode time of its first sample; 0 for a gap.
        duration_s: exact.
        program_ns: capture instant of its first sample, Unix nanoseconds.
        discontinuity: it does not continue the segment before it.
        size_bytes: of its object; 0 for a gap.
    """

    msn: int
    init: int
    start_ticks: int
    duration_s: Fraction
    program_ns: int
    discontinuity: bool
    size_bytes: int

    @property
    def gap(self) -> bool:
        """There is no media (EXT-X-GAP)."""
        return self.size_bytes == 0


@dataclass(frozen=True, slots=True)
class KeptRendition:
    """One rendition of a recording; at least one of its segments is no gap.

    Attributes:
        name: as in its URL.
        tracks: what each init section says, by its number.
        segments: one for each number of the recording.
        peak_bps: measured (rfc8216bis 4.1).
        average_bps: measured.
        frame_rate: frames per second of video, 0 where it is not known.
    """

    name: RenditionName
    tracks: Mapping[int, TrackDescription]
    segments: tuple[KeptSegment, ...]
    peak_bps: int
    average_bps: int
    frame_rate: Fraction = Fraction(0)

    @property
    def media(self) -> list[KeptSegment]:
        """The segments that are no gaps."""
        return [segment for segment in self.segments if not segment.gap]

    @property
    def track(self) -> TrackDescription:
        """What the init section says that most segments need."""
        return self.tracks[Counter(segment.init for segment in self.media).most_common(1)[0][0]]

    @property
    def covered_s(self) -> Fraction:
        """Length of what is no gap."""
        return sum((segment.duration_s for segment in self.media), Fraction(0))


@dataclass(frozen=True, slots=True)
class Recording:
    """A finished session.

    Attributes:
        opened_ns: when it began, Unix nanoseconds.
        ended_ns: when it ended, Unix nanoseconds.
        target_duration_s: EXT-X-TARGETDURATION of all its playlists.
        renditions: those of which anything is kept; none if nothing was.
    """

    opened_ns: int
    ended_ns: int
    target_duration_s: int
    renditions: tuple[KeptRendition, ...]

    @property
    def best_video(self) -> KeptRendition | None:
        """The largest picture among those that lack next to nothing; None if there is only sound."""
        return max(self._whole(Kind.VIDEO), key=lambda each: (_pixels(each), each.peak_bps), default=None)

    @property
    def smallest_video(self) -> KeptRendition | None:
        """The smallest picture among those that lack next to nothing; None if there is only sound."""
        return min(self._whole(Kind.VIDEO), key=lambda each: (_pixels(each), each.peak_bps), default=None)

    @property
    def best_audio(self) -> KeptRendition | None:
        """The sound that goes with the picture: the first by name, as players take it; None if there is none."""
        return min(self._whole(Kind.AUDIO), key=lambda each: each.name, default=None)

    @property
    def duration_s(self) -> Fraction:
        """Length of its playlists, gaps included; that of the picture where there is one."""
        measured = self.best_video or self.best_audio
        return sum((segment.duration_s for segment in measured.segments), Fraction(0)) if measured else Fraction(0)

    def _whole(self, kind: Kind) -> list[KeptRendition]:
        alike = [each for each in self.renditions if each.track.kind is kind]
        longest_s = max((each.covered_s for each in alike), default=Fraction(0))
        return [each for each in alike if each.covered_s >= _NEARLY_ALL * longest_s]


def _pixels(rendition: KeptRendition) -> int:
    return rendition.track.width * rendition.track.height


def read_recording(records: Sequence[Record], inits: Inits, has: Has) -> Recording:
    """The recording that a journal and a store hold together.

    Args:
        records: all of the journal, in order; of two records of one segment the later one counts.
        inits: the init sections that the store has; equal ones of a rendition, as a node that was restarted makes them,
            become one.
        has: whether the store has a segment; what it lacks is a gap.

    Raises:
        JournalOpen: the session has not ended, or not all of its media is stored yet.
        JournalBroken: the journal does not begin as one.
    """
    opened, ended = (records[0], records[-1]) if records else (None, None)
    if opened is not None and not isinstance(opened, Opened):
        raise JournalBroken("journal refused: its first record must say when the session was opened")
    if not isinstance(opened, Opened) or not isinstance(ended, Ended):
        raise JournalOpen("the session's journal has not ended yet")
    tracks: dict[RenditionName, dict[int, TrackDescription]] = {}
    stored: dict[RenditionName, dict[int, SegmentStored]] = {}
    breaks: set[int] = set()
    equals = _first_equals(inits)
    for record in records:
        match record:
            case InitStored(name, number) if (name, number) in inits:
                tracks.setdefault(name, {})[number] = record.track
            case SegmentStored(name):
                init = equals.get((name, record.init), record.init)
                stored.setdefault(name, {})[record.msn] = replace(record, init=init)
                breaks |= {record.msn} if record.discontinuity else set()
            case BreakPlanned():
                breaks.add(record.msn)
            case _:
                pass
    media = {name: _kept(name, tracks[name], found, has) for name, found in stored.items() if name in tracks}
    media = {name: segments for name, segments in media.items() if any(not each.gap for each in segments.values())}
    target_s, renditions = _side_by_side(opened, tracks, media, breaks)
    rates = {name: max(record.frame_rate for record in stored[name].values()) for name in media}
    rated = tuple(replace(each, frame_rate=rates[each.name]) for each in renditions)
    return Recording(opened.opened_ns, ended.ended_ns, target_s, rated)


def _first_equals(inits: Inits) -> dict[tuple[RenditionName, int], int]:
    """For each init section the lowest number of one with the same bytes."""
    first: dict[tuple[RenditionName, bytes], int] = {}
    return {(name, number): first.setdefault((name, inits[name, number]), number) for name, number in sorted(inits)}


def _kept(
    name: RenditionName, tracks: Mapping[int, TrackDescription], stored: Mapping[int, SegmentStored], has: Has
) -> dict[int, KeptSegment]:
    """The segments of one rendition by number; those that cannot be played are gaps."""
    kept: dict[int, KeptSegment] = {}
    for msn, record in sorted(stored.items()):
        track = tracks.get(record.init)
        playable = track is not None and not record.gap and has(name, msn)
        timescale = (track or next(iter(tracks.values()))).timescale
        kept[msn] = KeptSegment(
            msn,
            record.init if track else min(tracks),
            record.start_ticks if playable else 0,
            Fraction(record.duration_ticks, timescale),
            record.program_ns,
            record.discontinuity,
            record.size_bytes if playable else 0,
        )
    return kept


def _side_by_side(
    opened: Opened,
    tracks: Mapping[RenditionName, Mapping[int, TrackDescription]],
    media: Mapping[RenditionName, Mapping[int, KeptSegment]],
    breaks: set[int],
) -> tuple[int, list[KeptRendition]]:
    """The target duration of all playlists, and the renditions."""
    numbers = sorted({msn for segments in media.values() for msn, each in segments.items() if not each.gap})
    slots = _slots(range(numbers[0], numbers[-1] + 1) if numbers else range(0), media, opened.segment_s)
    rounded = (round(each.duration_s) for segments in media.values() for each in segments.values())
    target_s = max((opened.targets.target_duration_s, *rounded))
    renditions = []
    for name, segments in media.items():
        filled = tuple(_filled(segments, slots, breaks))
        whole = [each for each in filled if not each.gap]
        average_bps = _rate_bps(whole)
        peak_bps = max(average_bps, *map(_rate_bps, _runs(filled, target_s)), 1)
        renditions.append(KeptRendition(name, tracks[name], filled, peak_bps, average_bps))
    return target_s, renditions


def _slots(
    numbers: Iterable[int], media: Mapping[RenditionName, Mapping[int, KeptSegment]], segment_s: Fraction
) -> list[KeptSegment]:
    """When each number began and how long it was, as a gap would be listed; media is believed before gaps."""
    slots: list[KeptSegment] = []
    for msn in numbers:
        known = sorted((found[msn] for found in media.values() if msn in found), key=lambda each: each.gap)
        if known:
            slots.append(replace(known[0], start_ticks=0, size_bytes=0))
        else:  # every rendition lost it; it is not the first one, which some rendition has
            before = slots[-1]
            program_ns = before.program_ns + round(before.duration_s * NS_PER_S)
            slots.append(KeptSegment(msn, 0, 0, segment_s, program_ns, discontinuity=False, size_bytes=0))
    return slots


def _filled(
    segments: Mapping[int, KeptSegment], slots: Sequence[KeptSegment], breaks: set[int]
) -> Iterator[KeptSegment]:
    """One segment for each slot."""
    init = next(each.init for each in segments.values() if not each.gap)
    for index, slot in enumerate(slots):
        found = segments.get(slot.msn, slot)
        if found.gap:
            found = replace(slot, init=init)
        init = found.init
        yield replace(found, discontinuity=index > 0 and slot.msn in breaks)


def _rate_bps(segments: Sequence[KeptSegment]) -> int:
    """Bits per second, rounded up."""
    duration_s = sum((each.duration_s for each in segments), Fraction(0))
    return int(-(-sum(each.size_bytes for each in segments) * 8 // duration_s))


def _runs(segments: Sequence[KeptSegment], target_s: int) -> Iterator[Sequence[KeptSegment]]:
    """Every run of segments without a gap that a peak is measured over (rfc8216bis 4.1)."""
    for first in range(len(segments)):
        duration_s = Fraction(0)
        for last in range(first, len(segments)):
            duration_s += segments[last].duration_s
            if segments[last].gap or duration_s > _LONGEST * target_s:
                break
            if duration_s >= _SHORTEST * target_s:
                yield segments[first : last + 1]
