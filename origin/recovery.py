"""Pure: what a journal without an end says of its session, and the session that goes on from there.

Theory of operation. A crash leaves three kinds of numbers: those whose segments the journal has; those that were listed
and lost, because the store had not taken them yet; and those that were never used. The second kind cannot be told from
the third, so a revived session goes on at a number that none of the second kind can have reached: as many further as
segments fit into the time from the last one that is stored until now, and `MARGIN` more. The numbers between are gaps
that fill that time, so that no media sequence number ever stands for two things, and no list falls behind what players
have seen. Part numbers and numbers of init sections leap as far: a segment has at most `MAX_PARTS_PER_SEGMENT` parts.

The gaps belong to the timeline before the crash. Those that the journal lacks are journalled before anybody sees them,
so that a second crash finds the same list. The discontinuity is planned by `origin.session` where the first
rendition that returns goes on, as after every interruption.

Steps: `read_past` the journal; `plan_revival`; have the store looked at for what the plan lists; `revive`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Self

from infra.ids import RenditionName
from origin.breaks import Breaks
from origin.journal import BreakPlanned, InitStored, Opened, Record, SegmentStored
from origin.model import NS_PER_S, InitSection, Segment
from origin.names import iframe_file, segment_file
from origin.rendition import Rendition
from origin.session import MAX_GAPS, MAX_PARTS_PER_SEGMENT, Session
from origin.window import PARTS_KEPT_TARGETS, Window, nominal_ticks

MARGIN = 3  # segments shorter than usual that the last seconds may have had: one a restarted worker, one a new init
MAX_LOST = 128  # a longer list of gaps helps nobody: about four minutes at two seconds
_PACE_SEGMENTS = 16  # the newest ones tell how long segments were
_SHORTEST_GAP_S = Fraction(1, 10)  # if a clock says that no time has passed

InitKey = tuple[RenditionName, int]  # a rendition, and the number of one of its init sections
FileKey = tuple[RenditionName, str]  # a rendition, and the name of one of its files


@dataclass(frozen=True, slots=True)
class Past:
    """A journal in order.

    Attributes:
        opened: its beginning.
        inits: what is stored of init sections.
        segments: what is stored of segments and known as gaps, by rendition and number.
        breaks: where discontinuities stand.
        ended: it has its end.
    """

    opened: Opened
    inits: Mapping[InitKey, InitStored]
    segments: Mapping[RenditionName, Mapping[int, SegmentStored]]
    breaks: frozenset[int]
    ended: bool

    @property
    def newest_msn(self) -> int | None:
        """The highest number it knows; None if it knows of no segment."""
        return max((msn for known in self.segments.values() for msn in known), default=None)

    @property
    def end_ns(self) -> int:
        """When the newest segment was over; without any, when the session began."""
        newest = self.newest_msn
        known = [record for each in self.segments.values() for msn, record in each.items() if msn == newest]
        return max(map(self.instant_behind, known), default=self.opened.opened_ns)

    def with_found(self, found: Iterable[SegmentStored]) -> Self:
        """The same with segments that it did not tell of."""
        segments = {name: dict(known) for name, known in self.segments.items()}
        for record in found:
            segments[record.rendition][record.msn] = record
        return replace(self, segments=segments)

    def length_s(self, record: SegmentStored) -> Fraction:
        """Length of a segment."""
        return Fraction(record.duration_ticks, self.inits[record.rendition, record.init].track.timescale)

    def instant_behind(self, record: SegmentStored) -> int:
        """When a segment is over, Unix nanoseconds."""
        return record.program_ns + int(self.length_s(record) * NS_PER_S)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a session goes on.

    Attributes:
        resumes_at: the first number that is free.
        listed: what each rendition lists until then, oldest first, without a hole.
        gaps: what of it the journal lacks.
    """

    resumes_at: int
    listed: Mapping[RenditionName, Sequence[SegmentStored]]
    gaps: Sequence[SegmentStored]

    @property
    def inits(self) -> set[InitKey]:
        """The init sections that it needs."""
        return {(record.rendition, record.init) for records in self.listed.values() for record in records}

    @property
    def files(self) -> dict[FileKey, int]:
        """The files of segments that it needs, and their lengths."""
        sizes: dict[FileKey, int] = {}
        for name, records in self.listed.items():
            sizes |= {(name, segment_file(each.msn)): each.size_bytes for each in records if not each.gap}
            sizes |= {(name, iframe_file(each.msn)): each.iframe_bytes for each in records if each.iframe_bytes}
        return sizes


def read_past(records: Iterable[Record]) -> Past | None:
    """A journal in order; None if it has no beginning. A segment whose init section is not stored is left out."""
    opened: Opened | None = None
    inits: dict[InitKey, InitStored] = {}
    stored: list[SegmentStored] = []
    breaks: set[int] = set()
    ended = False
    for record in records:
        match record:
            case Opened():
                opened = record
            case InitStored():
                inits[record.rendition, record.number] = record
            case SegmentStored():
                stored.append(record)
            case BreakPlanned(msn):
                breaks.add(msn)
            case _:
                ended = True
    if opened is None:
        return None
    segments: dict[RenditionName, dict[int, SegmentStored]] = {}
    for record in stored:
        if (record.rendition, record.init) in inits:
            segments.setdefault(record.rendition, {})[record.msn] = record
    breaks |= {record.msn for record in stored if record.discontinuity}
    return Past(opened, inits, segments, frozenset(breaks), ended)


def plan_revival(past: Past, now_ns: int) -> Plan | None:
    """Where a session goes on if its publisher returns; None if nothing could be played, or too much may be lost."""
    newest = past.newest_msn
    if newest is None:
        return None
    lost_s = Fraction(max(0, now_ns - past.end_ns), NS_PER_S)
    lost = ceil(lost_s / _pace_s(past)) + MARGIN
    if lost > MAX_LOST:
        return None
    resumes_at = newest + 1 + lost
    times = _times(past, resumes_at, max(_SHORTEST_GAP_S, lost_s / lost))
    listed = {}
    for name, known in past.segments.items():
        if max(known) >= newest - MAX_GAPS:  # otherwise it was over long before
            listed[name] = _filled(past, name, _first_needed(past, known, times, resumes_at), times)
    if all(record.gap for records in listed.values() for record in records):
        return None
    gaps = [each for name, records in listed.items() for each in records if each.msn not in past.segments[name]]
    return Plan(resumes_at, listed, gaps)


def revive(past: Past, plan: Plan, inits: Mapping[InitKey, bytes], lost: Collection[FileKey]) -> Session:
    """The session as its playlists stand until its publisher returns.

    Args:
        past: its journal.
        plan: how it goes on.
        inits: the bytes of all init sections that the plan needs.
        lost: files that the store does not have as the journal says; their segments become gaps.
    """
    opened, resumes_at = past.opened, plan.resumes_at
    breaks = Breaks(past.breaks)
    session = Session(opened.targets, opened.segment_s, breaks=breaks, resumes_at=resumes_at)
    for name, records in plan.listed.items():
        sections = {
            number: InitSection(number, inits[name, number], past.inits[name, number].track)
            for number in {record.init for record in records}
        }
        first = records[0].msn
        window = Window(opened.targets, first, breaks.count_before(first), resumes_at * MAX_PARTS_PER_SEGMENT)
        for record in records:
            window.add_known(_segment(record, sections[record.init], lost))
        newest_init = max(number for owner, number in past.inits if owner == name)
        rendition = Rendition(name, opened.targets.target_duration_s, max(resumes_at, newest_init + 1))
        rendition.restore(sections[records[-1].init], window, max(record.frame_rate for record in records))
        session.renditions[name] = rendition
    return session


def _segment(record: SegmentStored, init: InitSection, lost: Collection[FileKey]) -> Segment:
    def kept(file: str, size_bytes: int) -> int:
        return 0 if (record.rendition, file) in lost else size_bytes

    return Segment(
        record.msn,
        init,
        (),
        record.duration_ticks,
        record.program_ns,
        record.discontinuity,
        b"",
        stored_bytes=kept(segment_file(record.msn), record.size_bytes),
        stored_iframe_bytes=kept(iframe_file(record.msn), record.iframe_bytes),
    )


def _pace_s(past: Past) -> Fraction:
    """How long segments were of late, at most their nominal length: the shorter, the more of them may be lost."""
    lengths = []
    for known in past.segments.values():
        newest = [known[msn] for msn in sorted(known)[-_PACE_SEGMENTS:] if not known[msn].gap]
        if newest:
            lengths.append(sum(map(past.length_s, newest), Fraction(0)) / len(newest))
    return min([past.opened.segment_s, *lengths])


def _times(past: Past, resumes_at: int, lost_s: Fraction) -> dict[int, tuple[int, Fraction]]:
    """When the segment of each number begins, in Unix nanoseconds, and its length in seconds.

    Numbers that no rendition knows share the time between their neighbours; the last ones have a length of ``lost_s``.
    """
    times: dict[int, tuple[int, Fraction]] = {}
    for known in past.segments.values():
        for msn, record in known.items():
            times.setdefault(msn, (record.program_ns, past.length_s(record)))
    numbers = sorted(times)
    for before, after in pairwise(numbers):
        missing = after - before - 1
        if missing:
            share_s = Fraction(times[after][0] - _behind(times[before]), NS_PER_S * missing)
            fits = 0 < share_s <= past.opened.targets.target_duration_s
            length_s = share_s if fits else past.opened.segment_s
            _share_out(times, before + 1, missing, length_s)
            resumed = next((msn for msn in range(before + 1, after) if msn in past.breaks), after)
            for msn in range(after - 1, resumed - 1, -1):  # these belong to what comes behind them
                times[msn] = (times[msn + 1][0] - int(length_s * NS_PER_S), length_s)
    _share_out(times, numbers[-1] + 1, resumes_at - numbers[-1] - 1, lost_s)
    return times


def _share_out(times: dict[int, tuple[int, Fraction]], first: int, count: int, length_s: Fraction) -> None:
    for msn in range(first, first + count):
        times[msn] = (_behind(times[msn - 1]), length_s)


def _behind(time: tuple[int, Fraction]) -> int:
    start_ns, length_s = time
    return start_ns + int(length_s * NS_PER_S)


def _first_needed(
    past: Past, known: Mapping[int, SegmentStored], times: Mapping[int, tuple[int, Fraction]], resumes_at: int
) -> int:
    """The oldest number that matters: the list of before, and what stays retrievable behind it (rfc8216bis 6.2.2)."""
    targets = past.opened.targets
    needed_s = 2 * targets.window_s + PARTS_KEPT_TARGETS * targets.target_duration_s
    oldest, msn, reach_s = min(known), resumes_at, Fraction(0)
    while msn > oldest and reach_s < needed_s:
        msn -= 1
        reach_s += times[msn][1]
    return msn


def _filled(
    past: Past, name: RenditionName, first: int, times: Mapping[int, tuple[int, Fraction]]
) -> list[SegmentStored]:
    """The segments of a rendition from a number on, those that are missing as gaps."""
    known = past.segments[name]
    init = next(known[msn].init for msn in range(first, -1, -1) if msn in known)
    following = _following_inits(known, first)
    filled = []
    for msn in range(first, max(times) + 1):
        record = known.get(msn)
        if record is None:
            if msn in past.breaks and (new := following.get(msn)) is not None:
                init = new
            timescale = past.inits[name, init].track.timescale
            ticks = nominal_ticks(times[msn][1], timescale)
            record = SegmentStored(name, msn, init, 0, ticks, times[msn][0], msn in past.breaks, 0, 0)
        init = record.init
        filled.append(record)
    return filled


def _following_inits(known: Mapping[int, SegmentStored], first: int) -> dict[int, int]:
    """For each missing number with a segment behind it: the init section of that segment."""
    following: dict[int, int] = {}
    for before, after in pairwise([first - 1, *sorted(msn for msn in known if msn >= first)]):
        following |= dict.fromkeys(range(before + 1, after), known[after].init)
    return following
