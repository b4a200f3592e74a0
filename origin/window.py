"""Pure: the live window of one rendition: which segments and parts are listed, kept, and waited for.

Theory of operation. Chunks become parts of the open segment (`add_part`); the first part opens it; `close_segment` ends
it. A segment whose media never came is a gap. After each finished segment the oldest ones leave the list, in order, as
long as the rest is still as long as the window; they stay retrievable for as long as rfc8216bis 6.2.2 demands. Parts
leave the list three target durations behind the end and stay retrievable for as long again.

`admits` judges a blocking request once, when it arrives: does it ask too far ahead? `satisfied` is asked then and after
every change: can it be answered? The second never refuses.

Invariants: media sequence numbers and part numbers rise by one; the media and discontinuity sequence of the list never
fall; a listed segment never changes; nothing changes after `end`. Every number of a `Targets` is fixed for ever.

Assumes of its caller (`origin.session`): chunks come in decode order, a break in the timeline closes the segment first.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from origin.directives import Awaited
from origin.errors import DirectiveRefused
from origin.iframes import Picture, picture_file
from origin.model import NS_PER_S, Chunk, InitSection, Part, Segment

MIN_SEGMENTS = 6  # Apple's authoring rules 8.11
PARTS_LISTED_TARGETS = 3  # target durations from the end within which parts are listed (rfc8216bis 6.2.2)
PARTS_KEPT_TARGETS = 2 * PARTS_LISTED_TARGETS
_SKIP_TARGETS = 6  # target durations that a delta update may not leave out (rfc8216bis 4.4.3.8)
_MSN_AHEAD = 2  # how far past the last segment a request may ask (rfc8216bis 6.2.5.2)


@dataclass(frozen=True, slots=True)
class Targets:
    """Promises of a session, the same in all its renditions.

    Attributes:
        target_duration_s: EXT-X-TARGETDURATION.
        part_target_s: PART-TARGET.
        part_hold_back_s: PART-HOLD-BACK.
        hold_back_s: HOLD-BACK.
        window_s: the list is never made shorter than this.
    """

    target_duration_s: int
    part_target_s: Fraction
    part_hold_back_s: Fraction
    hold_back_s: int
    window_s: Fraction

    @property
    def skip_until_s(self) -> int:
        """CAN-SKIP-UNTIL: segments further than this from the end of the last one may be left out of an update."""
        return _SKIP_TARGETS * self.target_duration_s

    @property
    def part_limit(self) -> Fraction:
        """How many parts past the last one a request may ask: the Advance Part Limit (rfc8216bis 6.2.5.2)."""
        return 3 / self.part_target_s if self.part_target_s < 1 else Fraction(3)


class OpenSegment:
    """The segment that is still growing."""

    __slots__ = ("chunks", "discontinuity", "init", "lost", "msn", "parts", "picture", "program_ns")

    def __init__(self, msn: int, init: InitSection, program_ns: int, *, discontinuity: bool) -> None:
        self.msn = msn
        self.init = init
        self.program_ns = program_ns
        self.discontinuity = discontinuity
        self.parts: list[Part] = []
        self.chunks: list[bytes] = []
        self.picture: Picture | None = None  # its first sample
        self.lost = False  # some of its parts never came

    @property
    def duration_ticks(self) -> int:
        """Of the parts so far."""
        return sum(part.duration_ticks for part in self.parts)

    @property
    def duration_s(self) -> Fraction:
        """The same in seconds, exact."""
        return Fraction(self.duration_ticks, self.init.track.timescale)

    def iframe(self) -> bytes:
        """Its first picture as a file of its own, standing until the segment's end; empty without one."""
        if self.picture is None:
            return b""
        return picture_file(self.picture, self.msn + 1, self.parts[0].start_ticks, self.duration_ticks)


class Window:
    """See the module's theory of operation.

    Attributes:
        segments: what is listed, oldest first.
        open: the segment that is growing, or None between two segments.
        listed_s: length of all finished segments in the list.
        discontinuity_sequence: EXT-X-DISCONTINUITY-SEQUENCE of the list.
        next_msn: media sequence number of the segment that is opened next.
        next_part: number of the next part: what EXT-X-PRELOAD-HINT names.
        ended: ENDLIST stands.
        first_real_msn: gaps before this number stand for nothing; they leave as soon as the rest is long enough.
    """

    __slots__ = (
        "_kept_parts",
        "_kept_s",
        "_longest_s",
        "_retired",
        "_retired_s",
        "discontinuity_sequence",
        "ended",
        "first_real_msn",
        "listed_s",
        "next_msn",
        "next_part",
        "open",
        "segments",
        "targets",
    )

    def __init__(self, targets: Targets, first_msn: int, discontinuity_sequence: int, first_part: int = 0) -> None:
        self.targets = targets
        self.first_real_msn = first_msn
        self.segments: deque[Segment] = deque()
        self.open: OpenSegment | None = None
        self.discontinuity_sequence = discontinuity_sequence
        self.next_msn = first_msn
        self.next_part = first_part
        self.ended = False
        self.listed_s = Fraction(0)
        self._retired: deque[Segment] = deque()  # not listed any more, still retrievable
        self._retired_s = Fraction(0)
        self._kept_parts: deque[tuple[Part, bytes, Fraction]] = deque()  # with its length in seconds
        self._kept_s = Fraction(0)
        self._longest_s = Fraction(0)  # the longest the list has been

    # What comes in

    def open_segment(self, init: InitSection, program_ns: int, *, discontinuity: bool) -> None:
        """Open the next segment; its first part must follow at once."""
        assert self.open is None, "one segment is open at a time"
        self.open = OpenSegment(self.next_msn, init, program_ns, discontinuity=discontinuity)
        self.next_msn += 1

    def add_part(self, chunk: Chunk) -> Part:
        """List a chunk as the next part of the open segment."""
        assert self.open is not None, "a part belongs to a segment"
        part = Part(self.next_part, chunk.start_ticks, chunk.duration_ticks, chunk.independent)
        self.next_part += 1
        if not self.open.parts:
            self.open.picture = chunk.picture
        self.open.parts.append(part)
        self.open.chunks.append(chunk.data)
        self._keep(part, chunk.data, self.open.init.track.timescale)
        return part

    def add_lost_parts(self, duration_ticks: int) -> None:
        """List parts whose media never came, so many that none is longer than the part target."""
        assert self.open is not None, "a part belongs to a segment"
        timescale = self.open.init.track.timescale
        count = -(-duration_ticks // int(self.targets.part_target_s * timescale))
        start_ticks = self.open.parts[-1].end_ticks
        for index in range(count):
            begins, ends = (duration_ticks * each // count for each in (index, index + 1))
            part = Part(self.next_part, start_ticks + begins, ends - begins, independent=False, gap=True)
            self.next_part += 1
            self.open.parts.append(part)
            self._keep(part, b"", timescale)
        self.open.lost = True

    def close_segment(self) -> Segment | None:
        """The open segment is whole; None if none is open."""
        grown, self.open = self.open, None
        if grown is None:
            return None
        segment = Segment(
            grown.msn,
            grown.init,
            tuple(grown.parts),
            grown.duration_ticks,
            grown.program_ns,
            grown.discontinuity,
            b"".join(grown.chunks),
            grown.iframe(),
            grown.lost,
        )
        self._append(segment)
        return segment

    def lead_with_gaps(self, init: InitSection, program_ns: int, count: int, duration_ticks: int) -> None:
        """Begin the list with gaps of equal length, the last of which ends at an instant."""
        timescale = init.track.timescale
        for left in range(count, 0, -1):
            starts_ns = instant_after(program_ns, -left * duration_ticks, timescale)
            self.add_gap(init, starts_ns, duration_ticks, discontinuity=False)
        self.first_real_msn = self.next_msn

    def add_gap(self, init: InitSection, program_ns: int, duration_ticks: int, *, discontinuity: bool) -> Segment:
        """List a segment whose media never came."""
        assert self.open is None, "a gap comes between segments"
        gap = Segment(self.next_msn, init, (), duration_ticks, program_ns, discontinuity, b"")
        self._append(gap)
        self.next_msn += 1
        return gap

    def add_known(self, segment: Segment) -> None:
        """List a segment of before a restart."""
        assert self.open is None, "what is known comes before what is new"
        assert segment.msn == self.next_msn, "no number is left out"
        self._append(segment)
        self.next_msn += 1

    def let_go(self, msn: int) -> None:
        """The bytes of a finished segment are in the store and need not be here; of an unknown one neither.

        It must be so old that its parts are not listed any more.
        """
        for kept in (self.segments, self._retired):
            if kept and 0 <= msn - kept[0].msn < len(kept):
                index = msn - kept[0].msn
                segment = kept[index]
                kept[index] = replace(
                    segment,
                    parts=(),
                    data=b"",
                    iframe=b"",
                    stored_bytes=segment.size_bytes,
                    stored_iframe_bytes=segment.iframe_bytes,
                )

    def end(self) -> Segment | None:
        """Nothing follows: close the open segment and stand still."""
        segment = self.close_segment()
        self.ended = True
        return segment

    def _keep(self, part: Part, data: bytes, timescale: int) -> None:
        duration_s = Fraction(part.duration_ticks, timescale)
        self._kept_parts.append((part, data, duration_s))
        self._kept_s += duration_s

    def _append(self, segment: Segment) -> None:
        self.segments.append(segment)
        self.listed_s += segment.duration_s
        self._longest_s = max(self._longest_s, self.listed_s)
        self._remove_old()

    def _remove_old(self) -> None:
        """Take the oldest segments off the list, then forget what nobody may ask for any more (rfc8216bis 6.2.2)."""
        targets, segments, retired, kept = self.targets, self.segments, self._retired, self._kept_parts
        while len(segments) > MIN_SEGMENTS and self.listed_s - segments[0].duration_s >= self._shortest_s():
            oldest = segments.popleft()
            self.discontinuity_sequence += oldest.discontinuity
            self.listed_s -= oldest.duration_s
            self._retired_s += oldest.duration_s
            retired.append(oldest)
        while retired and self.listed_s + self._retired_s > self._longest_s + 3 * targets.target_duration_s:
            self._retired_s -= retired.popleft().duration_s
        while kept and self._kept_s - kept[0][2] > PARTS_KEPT_TARGETS * targets.target_duration_s:
            self._kept_s -= kept.popleft()[2]

    def _shortest_s(self) -> Fraction:
        """How long the list must stay without its oldest segment."""
        allowed_s = Fraction(3 * self.targets.target_duration_s)  # rfc8216bis 6.2.2
        leading = self.segments[0].msn < self.first_real_msn
        return allowed_s if leading else max(self.targets.window_s, allowed_s)

    # What is asked

    @property
    def media_sequence(self) -> int:
        """EXT-X-MEDIA-SEQUENCE of the list."""
        if self.segments:
            return self.segments[0].msn
        return self.open.msn if self.open else self.next_msn

    @property
    def last_finished_msn(self) -> int:
        """Media sequence number of the newest finished segment; one less than the first one's before there is any."""
        return self.next_msn - (2 if self.open else 1)

    @property
    def last_part(self) -> tuple[int, int] | None:
        """(msn, part index) of the newest part, for rendition reports; None before the first one (4.4.5.4)."""
        if self.open:
            return self.open.msn, len(self.open.parts) - 1
        if not self.segments:
            return None
        return self.segments[-1].msn, max(0, len(self.segments[-1].parts) - 1)

    @property
    def has_whole_segment(self) -> bool:
        """A segment is finished, other than the gaps that the list began with."""
        return self.last_finished_msn >= self.first_real_msn

    @property
    def playable(self) -> bool:
        """A player has something to begin with."""
        return self.open is not None or any(not segment.gap for segment in self.segments)

    @property
    def first_msn_with_parts(self) -> int:
        """From this segment on, parts are listed.

        None of them is further than three target durations from the end (rfc8216bis 6.2.2); nor are there parts of more
        than three segments, the one that is open or hinted at among them, also where one is short: some readers count
        segments.
        """
        behind_s = self.open.duration_s if self.open else Fraction(0)
        for following, segment in enumerate(reversed(self.segments), start=1):
            behind_s += segment.duration_s
            if behind_s > PARTS_LISTED_TARGETS * self.targets.target_duration_s or following == PARTS_LISTED_TARGETS:
                return segment.msn + 1
        return self.media_sequence

    def part(self, number: int) -> bytes | None:
        """A part that may still be asked for; lost ones cannot."""
        if not self._kept_parts:
            return None
        index = number - self._kept_parts[0][0].number
        return self._kept_parts[index][1] or None if 0 <= index < len(self._kept_parts) else None

    def segment(self, msn: int) -> Segment | None:
        """A finished segment that may still be asked for; gaps cannot."""
        found = self._find(msn)
        return None if found is None or found.gap else found

    def _find(self, msn: int) -> Segment | None:
        for kept in (self.segments, self._retired):
            if kept and 0 <= msn - kept[0].msn < len(kept):
                return kept[msn - kept[0].msn]
        return None

    def with_iframe(self, msn: int) -> Segment | None:
        """A segment whose I-frame may still be asked for, which is there of some gaps too."""
        found = self._find(msn)
        return found if found and found.iframe_bytes else None

    def inits(self) -> Sequence[InitSection]:
        """The init sections that something retrievable needs, oldest first."""
        inits = [segment.init for segment in (*self._retired, *self.segments)]
        if self.open:
            inits.append(self.open.init)
        return list({init.number: init for init in inits}.values())

    def admits(self, awaited: Awaited) -> None:
        """Judge a blocking request on its arrival.

        Raises:
            DirectiveRefused: it asks further ahead than a player may (rfc8216bis 6.2.5.2).
        """
        if self.ended:
            return
        last = self.last_finished_msn
        if awaited.msn > last + _MSN_AHEAD:
            raise DirectiveRefused(
                f"_HLS_msn={awaited.msn} refused: after segment {last} at most {last + _MSN_AHEAD} is allowed",
            )
        if awaited.part is None or awaited.msn <= last:
            return
        listed = len(self.open.parts) if self.open and self.open.msn == awaited.msn else 0
        if awaited.part - (listed - 1) > self.targets.part_limit:
            allowed = int(listed - 1 + self.targets.part_limit)
            raise DirectiveRefused(
                f"_HLS_part={awaited.part} refused: in segment {awaited.msn} at most {allowed} is allowed now",
            )

    def satisfied(self, awaited: Awaited) -> bool:
        """A request that was admitted can be answered now (rfc8216bis 6.2.5.2)."""
        if self.ended or awaited.msn < self.media_sequence or awaited.msn < self.last_finished_msn:
            return True
        if awaited.part is None:
            return awaited.msn == self.last_finished_msn
        if awaited.msn == self.last_finished_msn:
            segment = self.segments[-1]
            return awaited.part < len(segment.parts) or self.open is not None or not segment.parts
        return self.open is not None and self.open.msn == awaited.msn and awaited.part < len(self.open.parts)


def nominal_ticks(seconds: Fraction, timescale: int) -> int:
    """A length in ticks, at least one."""
    return max(1, round(seconds * timescale))


def instant_after(program_ns: int, ticks: int, timescale: int) -> int:
    """The instant so many ticks after another one, Unix nanoseconds."""
    return program_ns + ticks * NS_PER_S // timescale
