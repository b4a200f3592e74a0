"""Pure: who may connect: limits of the node, and one publisher for each stream."""

from dataclasses import dataclass

from ingest.errors import NodeFull, StreamBusy, StreamNotLive

TAKEOVER_SILENCE_NS = 2_500_000_000  # a publisher that sent no media for this long may be replaced by the next one
_BUSY_RETRY_S = 3  # just longer than that
_NOT_LIVE_RETRY_S = 2
_FULL_RETRY_S = 10


@dataclass(frozen=True, slots=True)
class Limits:
    """Connections of both roles, and streams, at once."""

    max_sessions: int
    max_publishers: int


@dataclass(frozen=True, slots=True)
class Load:
    """How much of the limits is in use."""

    sessions: int
    publishers: int


def admit_publisher(stream: str, limits: Limits, load: Load, *, known: bool, silent_ns: int | None) -> None:
    """Let a publisher in.

    Args:
        stream: its name.
        limits: of the node.
        load: of the node.
        known: the stream has a broadcast already, live or waiting for its publisher.
        silent_ns: for how long the stream's publisher has sent no media; None without a publisher.

    Raises:
        StreamBusy: the stream has a publisher that sends.
        NodeFull: a limit is reached.
    """
    if silent_ns is not None and silent_ns < TAKEOVER_SILENCE_NS:
        raise StreamBusy(f"stream {stream} has a publisher: one is allowed at a time", _BUSY_RETRY_S)
    if silent_ns is None:  # otherwise it takes the other one's place
        _admit(limits, load)
    if not known and load.publishers >= limits.max_publishers:
        raise NodeFull(f"all {limits.max_publishers} places for streams are taken", _FULL_RETRY_S)


def admit_viewer(stream: str, limits: Limits, load: Load, *, live: bool) -> None:
    """Let a viewer in.

    Raises:
        StreamNotLive: the stream has no publisher that is connected.
        NodeFull: a limit is reached.
    """
    if not live:
        raise StreamNotLive(f"stream {stream} is not live: come back when it has a publisher", _NOT_LIVE_RETRY_S)
    _admit(limits, load)


def _admit(limits: Limits, load: Load) -> None:
    if load.sessions >= limits.max_sessions:
        raise NodeFull(f"all {limits.max_sessions} places for WebRTC connections are taken", _FULL_RETRY_S)
