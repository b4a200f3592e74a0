"""Pure: what the node's API tells of the sessions."""

from dataclasses import dataclass

from infra.ids import RenditionName, SessionId, StreamName
from origin.model import Kind


@dataclass(frozen=True, slots=True)
class RenditionInfo:
    """A rendition as ``/api/streams`` shows it; sizes in pixels, 0 for audio."""

    name: RenditionName
    kind: Kind
    width: int
    height: int
    bandwidth_bps: int


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A live session as ``/api/streams`` shows it; ``playable``: its multivariant playlist can be fetched."""

    session: SessionId
    playable: bool
    renditions: tuple[RenditionInfo, ...]


@dataclass(frozen=True, slots=True)
class ForeignStream:
    """A stream that a foreign encoder pushes; ``opened_ns`` is Unix time."""

    name: StreamName
    session: SessionId
    opened_ns: int
