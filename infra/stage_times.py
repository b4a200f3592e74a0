"""Pure: when recent pictures and parts of each stream passed each stage of the node.

Theory of operation. Stages write what they know when they know it, in any order, each with one call that appends to a
bounded ring; nothing is searched or joined while media passes. Who reads (`document`) joins by two names that every
stage knows: a picture's capture instant, and the instant of its slot on the frame grid, in which a rendition's parts
are counted too. So a picture belongs to the part of a rendition in whose time its slot lies.

All times are Unix nanoseconds on the node's clock until they are printed; the document has milliseconds, because
nanoseconds since 1970 are no exact numbers in JavaScript.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from infra.ids import RenditionName, SessionId, StreamName

MAX_PICTURES = 300  # ten seconds at 30 pictures a second: the latest HLS player that is still called live
MAX_PARTS = 60  # of each rendition; twelve seconds of the shortest parts
MAX_RENDITIONS = 16
_NS_PER_MS = 1_000_000
_LONGEST_PART_MS = 1000  # a part that began this much earlier may still hold a picture
_DIGITS = 3  # microseconds
NO_STAGE_TIMES: Mapping[str, Any] = {"session": None, "pictures": [], "parts": {}}  # of a stream that is not live

Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A picture that came from the publisher.

    Attributes:
        capture_ns: the publisher's capture instant.
        first_packet_ns: when its first packet arrived; 0 if unknown.
        last_packet_ns: when its last packet arrived.
        released_ns: when it had waited long enough for packets before it that were missing.
        forwarded_ns: when it was sent to every WebRTC viewer.
        size_bytes: of its payload.
        key: it is a keyframe.
    """

    capture_ns: int
    first_packet_ns: int
    last_packet_ns: int
    released_ns: int
    forwarded_ns: int
    size_bytes: int
    key: bool


@dataclass(frozen=True, slots=True)
class Placed:
    """A picture that was decoded and given a slot on the frame grid.

    Attributes:
        capture_ns: as in `Arrived`.
        received_ns: when the transcoder worker had read it.
        decoded_ns: when it was decoded.
        placed_ns: when it was scaled and handed to the encoders.
        grid_ns: the instant that its slot stands for, which is what EXT-X-PROGRAM-DATE-TIME says of it.
    """

    capture_ns: int
    received_ns: int
    decoded_ns: int
    placed_ns: int
    grid_ns: int


@dataclass(frozen=True, slots=True)
class CodedPart:
    """A part of a rendition that left the transcoder.

    Attributes:
        rendition: its name.
        start_ns: the grid's instant of its first picture.
        closed_ns: when it was whole.
        pushed_ns: when it was given to the connection to the origin.
        coded: grid instant of each picture in it, and when that was coded.
    """

    rendition: RenditionName
    start_ns: int
    closed_ns: int
    pushed_ns: int
    coded: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class ListedPart:
    """A part that players can see.

    Attributes:
        number: as in its URL.
        start_ns: capture instant of its first sample, as it came with the media.
        duration_ns: its length.
        listed_ns: when it stood in the playlist.
    """

    number: int
    start_ns: int
    duration_ns: int
    listed_ns: int


class StageTimes:
    """What is known of one session."""

    __slots__ = ("_arrived", "_coded", "_listed", "_placed", "session")

    def __init__(self, session: SessionId) -> None:
        self.session = session
        self._arrived: deque[Arrived] = deque(maxlen=MAX_PICTURES)
        self._placed: deque[Placed] = deque(maxlen=MAX_PICTURES)
        self._coded: dict[RenditionName, deque[CodedPart]] = {}
        self._listed: dict[RenditionName, deque[ListedPart]] = {}

    def arrived(self, picture: Arrived) -> None:
        """A picture passed through ingest."""
        self._arrived.append(picture)

    def left(self, part: CodedPart, placed: Iterable[Placed]) -> None:
        """A part left the transcoder, and these pictures have passed its decoder and grid since the last one."""
        self._placed.extend(placed)
        _ring(self._coded, part.rendition).append(part)

    def listed(self, rendition: RenditionName, part: ListedPart) -> None:
        """A part passed through the origin."""
        _ring(self._listed, rendition).append(part)

    def document(self, after_ns: int) -> dict[str, Any]:
        """What is known of pictures and parts captured after an instant, oldest first; see docs/latency.md."""
        return {
            "session": self.session,
            "pictures": self._pictures(after_ns),
            "parts": {name: self._parts(name, after_ns) for name in sorted(self._coded.keys() | self._listed.keys())},
        }

    def _pictures(self, after_ns: int) -> list[dict[str, Any]]:
        placed = {picture.capture_ns: picture for picture in self._placed}
        coded: dict[int, dict[str, float | None]] = {}
        for name, parts in self._coded.items():
            for part in parts:
                for grid_ns, coded_ns in part.coded:
                    coded.setdefault(grid_ns, {})[name] = _ms(coded_ns)
        return [
            _picture(picture, placed.get(picture.capture_ns), coded)
            for picture in self._arrived
            if picture.capture_ns > after_ns
        ]

    def _parts(self, name: RenditionName, after_ns: int) -> list[dict[str, Any]]:
        coded = {_rounded(part.start_ns): part for part in self._coded.get(name, ())}
        listed = {_rounded(part.start_ns): part for part in self._listed.get(name, ())}
        first = _rounded(after_ns) - _LONGEST_PART_MS
        starts = sorted(start for start in coded.keys() | listed.keys() if start > first)
        return [_part(start, coded.get(start), listed.get(start)) for start in starts]


class StageTimesOfStreams:
    """What is known of every session that is open; the last one opened under a name counts."""

    __slots__ = ("_streams",)

    def __init__(self) -> None:
        self._streams: dict[StreamName, StageTimes] = {}

    def open(self, stream: StreamName, session: SessionId) -> StageTimes:
        """A session begins; one that is open already goes on."""
        times = self.of(stream, session)
        if times is None:
            times = self._streams[stream] = StageTimes(session)
        return times

    def close(self, stream: StreamName, session: SessionId) -> None:
        """A session is over."""
        if self.of(stream, session) is not None:
            del self._streams[stream]

    def of(self, stream: StreamName, session: SessionId | None = None) -> StageTimes | None:
        """Those of a session, or of whichever is open; None if there is none."""
        times = self._streams.get(stream)
        return times if times is not None and session in (None, times.session) else None


def _ring(rings: dict[RenditionName, deque[Part]], name: RenditionName) -> deque[Part]:
    if name not in rings and len(rings) == MAX_RENDITIONS:
        del rings[next(iter(rings))]
    return rings.setdefault(name, deque(maxlen=MAX_PARTS))


def _picture(
    arrived: Arrived, placed: Placed | None, coded: Mapping[int, Mapping[str, float | None]]
) -> dict[str, Any]:
    return {
        "capture_ms": _ms(arrived.capture_ns),
        "key": arrived.key,
        "size_bytes": arrived.size_bytes,
        "first_packet_ms": _ms(arrived.first_packet_ns or None),
        "last_packet_ms": _ms(arrived.last_packet_ns),
        "released_ms": _ms(arrived.released_ns),
        "forwarded_ms": _ms(arrived.forwarded_ns),
        "received_ms": _ms(placed.received_ns if placed else None),
        "decoded_ms": _ms(placed.decoded_ns if placed else None),
        "placed_ms": _ms(placed.placed_ns if placed else None),
        "grid_ms": _ms(placed.grid_ns if placed else None),
        "coded_ms": {} if placed is None else coded.get(placed.grid_ns, {}),
    }


def _part(start_ms: int, coded: CodedPart | None, listed: ListedPart | None) -> dict[str, Any]:
    return {
        "number": listed.number if listed else None,
        "start_ms": start_ms,
        "duration_ms": _ms(listed.duration_ns if listed else None),
        "closed_ms": _ms(coded.closed_ns if coded else None),
        "pushed_ms": _ms(coded.pushed_ns if coded else None),
        "listed_ms": _ms(listed.listed_ns if listed else None),
    }


def _rounded(start_ns: int) -> int:
    """To the millisecond: what came with the media went through an NTP timestamp."""
    return round(start_ns / _NS_PER_MS)


def _ms(instant_ns: int | None) -> float | None:
    return None if instant_ns is None else round(instant_ns / _NS_PER_MS, _DIGITS)
