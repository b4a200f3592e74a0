"""Pure: a finished session as it is kept: the records of its journal as renditions that lie side by side.

All renditions of a recording have the same segment numbers, so that the same place in their lists is the same time:
players that change between finished lists go by that. A number of which a rendition has no media (it came late, it was
given up, the store lost or no longer has the object) is a gap, dated and as long as in another rendition. A number of
which none has any is left out, with a discontinuity in its place: what a crash leapt over would be minutes of nothing.
Discontinuities stand at the same numbers in all.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from infra.ids import RenditionName
from origin.errors import JournalBroken, JournalOpen
from origin.journal import BreakPlanned, Ended, InitStored, Opened, Record, SegmentStored
from origin.model import Kind, TrackDescription
from origin.names import iframe_file, segment_file
from origin.rates import PeakRate

_NEARLY_ALL = Fraction(9, 10)  # of the longest rendition: enough to stand for the whole recording

Inits = Mapping[tuple[RenditionName, int], bytes]  # init sections by rendition and number
Has = Callable[[RenditionName, str], bool]  # whether the store has this file of a rendition


@dataclass(frozen=True, slots=True)
class KeptSegment:
    """One segment of a kept rendition.

    Attributes:
        msn: media sequence number that it had live, and its files have; the same in all renditions.
        init: number of the init section it is decoded with.
        start_ticks: decode time of its first sample; 0 for a gap.
        duration_s: exact.
        program_ns: capture instant of its first sample, Unix nanoseconds.
        discontinuity: it does not continue the segment before it.
        size_bytes: of its object; 0 for a gap.
        iframe_bytes: of its I-frame's object; 0 if there is none.
    """

    msn: int
    init: int
    start_ticks: int
    duration_s: Fraction
    program_ns: int
    discontinuity: bool
    size_bytes: int
    iframe_bytes: int = 0

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
        iframe_bps: peak of its I-frames; 0 if it has none.
        frame_rate: frames per second of video, 0 where it is not known.
    """

    name: RenditionName
    tracks: Mapping[int, TrackDescription]
    segments: tuple[KeptSegment, ...]
    peak_bps: int
    average_bps: int
    iframe_bps: int
    frame_rate: Fraction

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
        has: whether the store has a file; a segment that it lacks is a gap.

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
    lists = _side_by_side(media, breaks)
    rounded = (round(each.duration_s) for segments in lists.values() for each in segments)
    target_s = max((opened.targets.target_duration_s, *rounded))
    renditions = (_rated(name, tracks[name], lists[name], stored[name].values(), target_s) for name in media)
    return Recording(opened.opened_ns, ended.ended_ns, target_s, tuple(renditions))


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
        playable = track is not None and not record.gap and has(name, segment_file(msn))
        pictured = playable and has(name, iframe_file(msn))
        timescale = (track or next(iter(tracks.values()))).timescale
        kept[msn] = KeptSegment(
            msn,
            record.init if track else min(tracks),
            record.start_ticks if playable else 0,
            Fraction(record.duration_ticks, timescale),
            record.program_ns,
            record.discontinuity,
            record.size_bytes if playable else 0,
            record.iframe_bytes if pictured else 0,
        )
    return kept


def _side_by_side(
    media: Mapping[RenditionName, Mapping[int, KeptSegment]], breaks: set[int]
) -> dict[RenditionName, tuple[KeptSegment, ...]]:
    """The segments of each rendition, all with the same numbers."""
    slots = list(_slots(media, breaks))
    return {name: tuple(_filled(segments, slots)) for name, segments in media.items()}


def _slots(media: Mapping[RenditionName, Mapping[int, KeptSegment]], breaks: set[int]) -> Iterator[KeptSegment]:
    """When each number began and how long it was, as a gap would be listed; media is believed before gaps."""
    numbers = sorted({msn for segments in media.values() for msn, each in segments.items() if not each.gap})
    before = numbers[0] if numbers else 0
    for msn in numbers:
        known = min((found[msn] for found in media.values() if msn in found), key=lambda each: each.gap)
        broken = msn > before + 1 or (msn > before and msn in breaks)
        yield replace(known, start_ticks=0, size_bytes=0, iframe_bytes=0, discontinuity=broken)
        before = msn


def _filled(segments: Mapping[int, KeptSegment], slots: Iterable[KeptSegment]) -> Iterator[KeptSegment]:
    """One segment for each slot."""
    init = next(each.init for each in segments.values() if not each.gap)
    for slot in slots:
        found = segments.get(slot.msn, slot)
        if found.gap:
            found = replace(slot, init=init)
        init = found.init
        yield replace(found, discontinuity=slot.discontinuity)


def _rated(
    name: RenditionName,
    tracks: Mapping[int, TrackDescription],
    segments: tuple[KeptSegment, ...],
    records: Iterable[SegmentStored],
    target_s: int,
) -> KeptRendition:
    """A rendition with its rates, measured on what is no gap."""
    peak, picture_peak = PeakRate(target_s), PeakRate(target_s)
    for segment in segments:
        if segment.gap:
            peak.interrupt()
            picture_peak.interrupt()
            continue
        peak.add(segment.size_bytes, segment.duration_s)
        picture_peak.add(segment.iframe_bytes, segment.duration_s)
    average_bps = _average_bps([(each.size_bytes, each.duration_s) for each in segments if not each.gap])
    pictures = [(each.iframe_bytes, each.duration_s) for each in segments if each.iframe_bytes]
    iframe_bps = max(picture_peak.bps, _average_bps(pictures)) if pictures else 0
    frame_rate = max(record.frame_rate for record in records)
    return KeptRendition(name, tracks, segments, max(peak.bps, average_bps), average_bps, iframe_bps, frame_rate)


def _average_bps(measured: Sequence[tuple[int, Fraction]]) -> int:
    """Bits per second of what has (bytes, seconds), rounded up."""
    duration_s = sum((seconds for _, seconds in measured), Fraction(0))
    return int(-(-sum(size_bytes for size_bytes, _ in measured) * 8 // duration_s))
