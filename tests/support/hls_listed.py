"""A live media playlist as a player reads it; written from the text of rfc8216bis, nothing of the origin is used."""

import datetime as dt
import re
from dataclasses import dataclass, field
from fractions import Fraction

ONCE = (
    "VERSION",
    "TARGETDURATION",
    "MEDIA-SEQUENCE",
    "DISCONTINUITY-SEQUENCE",
    "ENDLIST",
    "PLAYLIST-TYPE",
    "PART-INF",
    "SERVER-CONTROL",
)
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:?\d\d)")
_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]+"|[^",\s]+)(?:,|$)')


@dataclass
class ListedPart:
    """One EXT-X-PART."""

    uri: str
    duration_s: Fraction
    independent: bool
    gap: bool


@dataclass
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


@dataclass
class Listed:
    """A media playlist as a player reads it."""

    segments: list[ListedSegment] = field(default_factory=list)
    open: ListedSegment | None = None
    single: dict[str, str] = field(default_factory=dict)
    server_control: dict[str, str] = field(default_factory=dict)
    part_inf: dict[str, str] = field(default_factory=dict)
    hints: list[dict[str, str]] = field(default_factory=list)
    reports: list[dict[str, str]] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def target_s(self) -> Fraction:
        return Fraction(self.single.get("TARGETDURATION", "0"))

    @property
    def part_target_s(self) -> Fraction:
        return Fraction(self.part_inf.get("PART-TARGET", "0"))

    @property
    def ended(self) -> bool:
        return "ENDLIST" in self.single

    @property
    def all_segments(self) -> list[ListedSegment]:
        return [*self.segments, *([self.open] if self.open else [])]

    @property
    def last_part(self) -> tuple[int, int] | None:
        """(msn, part index) of the newest part that is listed."""
        for segment in reversed(self.all_segments):
            if segment.parts:
                return segment.msn, len(segment.parts) - 1
        return None


def attributes(text: str) -> dict[str, str]:
    """An attribute list, quotes taken off; raises ValueError if it is none (4.2)."""
    found: dict[str, str] = {}
    end = 0
    for match in _ATTRIBUTE.finditer(text):
        name, value = match.groups()
        if match.start() != end or name in found:
            break
        found[name], end = value.strip('"'), match.end()
    if end != len(text) or not found or text.endswith(","):
        raise ValueError(f"not an attribute list: {text}")
    return found


def read(text: str) -> Listed:
    """Read a media playlist; what is wrong with its syntax is among its complaints."""
    listed = Listed()
    complain = listed.complaints.append
    lines = text.split("\n")
    if lines[0] != "#EXTM3U":
        complain("the first line is not #EXTM3U [4.4.1.1]")
    if lines[-1]:
        complain("the last line does not end [4.1]")
    complaints = [f"stray blanks or controls: {line!r} [4.1]" for line in lines if line != line.strip() or "\r" in line]
    listed.complaints += complaints
    reader = _Reader(listed)
    for line in lines[1:-1]:
        try:
            reader.take(line)
        except (ValueError, KeyError) as error:
            complain(f"line {line!r}: {error!r}")
    reader.finish()
    return listed


class _Reader:
    """Takes the lines of a playlist one by one."""

    def __init__(self, listed: Listed) -> None:
        self.listed = listed
        self.current: ListedSegment | None = None
        self.map_uri = ""
        self.next_msn = 0
        self.discontinuity_sequence = 0

    def _segment(self) -> ListedSegment:
        if self.current is None:
            self.current = ListedSegment(self.next_msn, self.discontinuity_sequence)
        return self.current

    def take(self, line: str) -> None:
        if not line.startswith("#EXT"):
            if line and not line.startswith("#"):
                self._uri(line)
            return
        name, _, value = line.removeprefix("#EXT-X-").partition(":")
        if line.startswith("#EXTINF:"):
            self._segment().duration_s = Fraction(line.removeprefix("#EXTINF:").partition(",")[0])
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
        self.current = None
        self.next_msn += 1

    def _single(self, name: str, value: str) -> None:
        listed = self.listed
        if name in listed.single:
            listed.complaints.append(f"EXT-X-{name} is there twice [4.4.3]")
        if name.endswith("SEQUENCE") and (listed.segments or self.current):
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

    def finish(self) -> None:
        if self.current is not None and self.current.parts:
            self.current.map_uri = self.map_uri
            self.listed.open = self.current
        elif self.current is not None:
            self.listed.complaints.append("tags of a segment that is not there")
