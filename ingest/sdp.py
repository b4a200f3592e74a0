"""Pure: session descriptions and fragments of them, split into sections of attributes; grammar only (RFC 8866 5).

Written by hand and not left to aiortc.sdp, which asserts, raises five other kinds of exception, and takes any text for
a description without media. Here a text is either a `Description` or refused with one sentence, in time linear to its
length, which is bounded.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ingest.errors import SdpMalformed, shown

MAX_SDP_CHARS = 64 * 1024  # Chromium's largest offers have 10 KB
MAX_SECTIONS = 8  # audio and video need two

_MEDIA_LINE = re.compile(r"([a-z]+) (\d{1,5})(?:/\d{1,5})? ([A-Za-z/-]{1,40}) (\S+(?: \S+)*)", re.ASCII)
_MAX_PORT = 65535


class Attributes(dict[str, list[str]]):
    """The values of each attribute by name, in order; a flag has the value ``""``."""

    def first(self, name: str) -> str | None:
        """The first value of an attribute, None if it is not there."""
        values = self.get(name)
        return values[0] if values else None

    def every(self, name: str) -> Sequence[str]:
        """All values of an attribute."""
        return self.get(name, ())


@dataclass(frozen=True, slots=True)
class Section:
    """One m-section: its m-line and its attributes."""

    media: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    attributes: Attributes = field(default_factory=Attributes)


@dataclass(frozen=True, slots=True)
class Description:
    """A session description: attributes of the session, then the m-sections in order."""

    attributes: Attributes = field(default_factory=Attributes)
    sections: list[Section] = field(default_factory=list)


def read_description(text: str) -> Description:
    """A whole session description.

    Raises:
        SdpMalformed: it is too long, or not lines of ``x=value`` that begin with ``v=0``, or an m-line is broken.
    """
    lines = list(_lines(text))
    if not lines or lines[0] != ("v", "0"):
        raise SdpMalformed("not a session description: it must begin with the line v=0 (RFC 8866)")
    return _collect(lines)


def read_fragment(text: str) -> Description:
    """A part of a session description, as trickle ICE sends it (RFC 8840 9): a and m lines, all else is passed over.

    Raises:
        SdpMalformed: as `read_description`.
    """
    return _collect(_lines(text))


def _lines(text: str) -> Iterator[tuple[str, str]]:
    if len(text) > MAX_SDP_CHARS:
        raise SdpMalformed(
            f"session description of {len(text)} characters refused: at most {MAX_SDP_CHARS} are allowed"
        )
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not line.strip():
            continue
        if len(line) < 2 or line[1] != "=" or not line[0].isascii() or not line[0].islower():  # noqa: PLR2004
            raise SdpMalformed(f"line {number} of the session description refused: {shown(line)} is not x=value")
        yield line[0], line[2:].strip()


def _collect(lines: Iterable[tuple[str, str]]) -> Description:
    description = Description()
    attributes = description.attributes
    for kind, value in lines:
        if kind == "m":
            if len(description.sections) == MAX_SECTIONS:
                raise SdpMalformed(f"more than {MAX_SECTIONS} m-lines refused: one audio and one video are enough")
            section = _read_media_line(value)
            description.sections.append(section)
            attributes = section.attributes
        elif kind == "a" and value:  # Firefox with whip-whep sends an empty one
            name, _, rest = value.partition(":")
            attributes.setdefault(name, []).append(rest)
    return description


def _read_media_line(value: str) -> Section:
    match = _MEDIA_LINE.fullmatch(value)
    if match is None or int(match[2]) > _MAX_PORT:
        raise SdpMalformed(f"m-line {shown(value)} refused: it must be m=<media> <port> <protocol> <formats>")
    return Section(match[1], int(match[2]), match[3], tuple(match[4].split(" ")))
