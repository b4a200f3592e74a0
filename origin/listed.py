"""Pure: a live media playlist as a player reads it.

Written from the text of rfc8216bis; nothing of what writes playlists is used, so that it is a second opinion on them.
"""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

ONCE = frozenset(
    (
        "VERSION",
        "TARGETDURATION",
        "MEDIA-SEQUENCE",
        "DISCONTINUITY-SEQUENCE",
        "ENDLIST",
        "PLAYLIST-TYPE",
        "PART-INF",
        "SERVER-CONTROL",
        "I-FRAMES-ONLY",
        "SKIP",
    )
)
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:?\d\d)")
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
_MAY_BE_EMPTY = "RECENTLY-REMOVED-DATERANGES"
_LINES_REMEMBERED = 1024  # attribute lists that stay the same from version to version


@dataclass(slots=True)
class ListedPart:
    """One EXT-X-PART."""

    uri: str
    duration_s: Fraction
    independent: bool
    gap: bool


@dataclass(slots=True)
class ListedSegment:
    """One segment with the tags that apply to it; ``uri`` is empty while it is open."""

    msn: int
    discontinuity_sequence: int
    uri: str = ""
    duration_s: Fraction = Fraction(0)
    parts: list[ListedPart] = field(default_factory=list)
    map_uri: str = ""
    date: dt.datetime | None = None
    discontinuity: bool = False
    gap: bool = False

    @property
    def identity(self) -> tuple[object, ...]:
        """What must never change once the segment is whole."""
        return (
            *(self.uri, self.duration_s, self.map_uri, self.date),
            *(self.discontinuity, self.gap, self.discontinuity_sequence),
        )

    @property
    def length_s(self) -> Fraction:
        """Of the whole segment, or of its parts so far."""
        return self.duration_s if self.uri else sum((part.duration_s for part in self.parts), Fraction(0))


@dataclass(slots=True)
class Listed:
    """A media playlist as a player reads it.

    Attributes:
        segments: the whole ones; after a delta update's EXT-X-SKIP, those that it does not skip.
        open: the one that is growing.
        single: values of the tags that stand once, by name without ``EXT-X-``.
        server_control: attributes of EXT-X-SERVER-CONTROL.
        part_inf: attributes of EXT-X-PART-INF.
        skip: attributes of EXT-X-SKIP.
        hints: attributes of each EXT-X-PRELOAD-HINT.
        reports: attributes of each EXT-X-RENDITION-REPORT.
        complaints: what is wrong with the syntax.
    """

    segments: list[ListedSegment] = field(default_factory=list)
    open: ListedSegment | None = None
    single: dict[str, str] = field(default_factory=dict)
    server_control: dict[str, str] = field(default_factory=dict)
    part_inf: dict[str, str] = field(default_factory=dict)
    skip: dict[str, str] = field(default_factory=dict)
    hints: list[dict[str, str]] = field(default_factory=list)
    reports: list[dict[str, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def target_s(self) -> Fraction:
        """EXT-X-TARGETDURATION, 0 without one."""
        return Fraction(self.single.get("TARGETDURATION", "0"))

    @property
    def part_target_s(self) -> Fraction:
        """PART-TARGET, 0 without one."""
        return Fraction(self.part_inf.get("PART-TARGET", "0"))

    @property
    def media_sequence(self) -> int:
        """EXT-X-MEDIA-SEQUENCE, 0 without one."""
        return int(self.single.get("MEDIA-SEQUENCE", "0"))

    @property
    def ended(self) -> bool:
        """Nothing follows."""
        return "ENDLIST" in self.single

    @property
    def iframes_only(self) -> bool:
        """Each segment is one picture."""
        return "I-FRAMES-ONLY" in self.single

    @property
    def all_segments(self) -> list[ListedSegment]:
        """The whole ones and the open one."""
        return [*self.segments, *([self.open] if self.open else [])]

    @property
    def last_part(self) -> tuple[int, int] | None:
        """(msn, part index) of the newest part that is listed."""
        for segment in reversed(self.all_segments):
            if segment.parts:
                return segment.msn, len(segment.parts) - 1
        return None


@lru_cache(_LINES_REMEMBERED)
def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    end = 0
    for match in _ATTRIBUTE.finditer(text):
        name, value = match.groups()
        if match.start() != end or name in found or (value == '""' and name != _MAY_BE_EMPTY):
            break
        found[name], end = value.strip('"'), match.end()
    if end != len(text) or not found or text.endswith(","):
        raise ValueError(f"not an attribute list: {text}")
    return found


def attributes(text: str) -> dict[str, str]:
    """An attribute list, quotes taken off (rfc8216bis 4.2).

    Raises:
        ValueError: it is none.
    """
    return dict(_attributes(text))


def read(text: str) -> Listed:
    """Read a media playlist; what is wrong with its syntax is among its complaints."""
    reader = _LineReader()
    lines = text.split("\n")
    if lines[0] != "#EXTM3U":
        reader.listed.complaints.append("the first line is not #EXTM3U [4.4.1.1]")
    if lines[-1]:
        reader.listed.complaints.append("the last line does not end [4.1]")
    reader.take(lines[1:-1])
    return reader.finish()


class ListedReader:
    """Reads one version after another of one playlist, and each segment that stays the same only once."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        # by msn: the lines, and what was in force before them
        self._known: dict[int, tuple[str, tuple[int, str], ListedSegment]] = {}

    def read(self, head: str, segments: Iterable[str], tail: str) -> Listed:
        """Read a version that was cut into lines before, of each segment, and behind the last one."""
        reader, known = _LineReader(), self._known
        reader.take(head.split("\n")[:-1])
        self._known = {}
        for lines in segments:
            msn, before = reader.next_msn, (reader.discontinuity_sequence, reader.map_uri)
            if msn in known and known[msn][:2] == (lines, before):
                reader.append(known[msn][2])
            else:
                reader.take(lines.split("\n")[:-1])
            if reader.next_msn > msn:
                self._known[msn] = (lines, before, reader.listed.segments[-1])
        reader.take(tail.split("\n")[:-1])
        return reader.finish()


class _LineReader:
    """Takes the lines of a playlist one by one."""

    def __init__(self) -> None:
        self.listed = Listed()
        self.map_uri = ""
        self.next_msn = 0
        self.discontinuity_sequence = 0
        self._current: ListedSegment | None = None

    def take(self, lines: Iterable[str]) -> None:
        """Whole lines, without their ends."""
        for line in lines:
            if line != line.strip() or "\r" in line:
                self.listed.complaints.append(f"stray blanks or controls: {line!r} [4.1]")
            try:
                self._line(line)
            except (ValueError, KeyError) as error:
                self.listed.complaints.append(f"line {line!r}: {error!r}")

    def append(self, segment: ListedSegment) -> None:
        """A whole segment that was read before."""
        self.listed.segments.append(segment)
        self.next_msn += 1
        self.map_uri, self.discontinuity_sequence = segment.map_uri, segment.discontinuity_sequence

    def finish(self) -> Listed:
        """There are no more lines."""
        current = self._current
        if current is not None and current.parts:
            current.map_uri = self.map_uri
            self.listed.open = current
        elif current is not None:
            self.listed.complaints.append("tags of a segment that is not there")
        return self.listed

    def _segment(self) -> ListedSegment:
        if self._current is None:
            self._current = ListedSegment(self.next_msn, self.discontinuity_sequence)
        return self._current

    def _line(self, line: str) -> None:
        if not line.startswith("#EXT"):
            if line and not line.startswith("#"):
                self._uri(line)
            return
        name, _, value = line.removeprefix("#EXT-X-").partition(":")
        if line.startswith("#EXTINF:"):
            self._segment().duration_s = Fraction(value.partition(",")[0])
        elif name in ONCE:
            self._single(name, value)
        else:
            self._segment_tag(name, value)

    def _uri(self, uri: str) -> None:
        segment = self._segment()
        if not segment.duration_s:
            self.listed.complaints.append(f"{uri} has no EXTINF [4.4.4.1]")
        segment.uri, segment.map_uri = uri, self.map_uri
        self.listed.segments.append(segment)
        self._current = None
        self.next_msn += 1

    def _single(self, name: str, value: str) -> None:
        listed = self.listed
        if name in listed.single:
            listed.complaints.append(f"EXT-X-{name} is there twice [4.4.3]")
        if (name.endswith("SEQUENCE") or name == "SKIP") and (listed.segments or self._current):
            listed.complaints.append(f"EXT-X-{name} stands behind a segment [4.4.3.2]")
        listed.single[name] = value
        match name:
            case "MEDIA-SEQUENCE":
                self.next_msn = int(value)
            case "DISCONTINUITY-SEQUENCE":
                self.discontinuity_sequence = int(value)
            case "SERVER-CONTROL":
                listed.server_control = attributes(value)
            case "PART-INF":
                listed.part_inf = attributes(value)
            case "SKIP":
                listed.skip = attributes(value)
                self.next_msn += int(listed.skip["SKIPPED-SEGMENTS"])

    def _segment_tag(self, name: str, value: str) -> None:
        match name:
            case "DISCONTINUITY" | "MAP" | "PROGRAM-DATE-TIME":
                self._opening_tag(name, value)
            case "GAP":
                self._segment().gap = True
            case "PART":
                found = attributes(value)
                yes = {key for key in ("INDEPENDENT", "GAP") if found.get(key) == "YES"}
                part = ListedPart(found["URI"], Fraction(found["DURATION"]), "INDEPENDENT" in yes, "GAP" in yes)
                self._segment().parts.append(part)
            case "PRELOAD-HINT":
                self.listed.hints.append(attributes(value))
            case "RENDITION-REPORT":
                self.listed.reports.append(attributes(value))
            case "INDEPENDENT-SEGMENTS":
                self.listed.complaints.append("EXT-X-INDEPENDENT-SEGMENTS belongs into the multivariant [4.4.2]")
            case _:
                self.listed.complaints.append(f"EXT-X-{name} is no tag of a live media playlist")

    def _opening_tag(self, name: str, value: str) -> None:
        """A tag that must stand before the first part of its segment."""
        segment = self._segment()
        if segment.parts:
            self.listed.complaints.append(f"EXT-X-{name} behind a part of its segment [4.4.4.9]")
        if name == "DISCONTINUITY":
            self.discontinuity_sequence += 1
            segment.discontinuity, segment.discontinuity_sequence = True, self.discontinuity_sequence
        elif name == "MAP":
            self.map_uri = attributes(value)["URI"]
        else:
            if not _DATE.fullmatch(value):
                self.listed.complaints.append(f"date {value} without zone or milliseconds [4.4.4.6]")
            segment.date = dt.datetime.fromisoformat(value)
