"""Pure: one stream as `/api/streams` tells of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.ids import SessionId, StreamName
from ingest.inbound import TrackStats
from ingest.negotiation import SentTrack
from transcoder.access_unit import Codec

_KINDS = {Codec.H264: "video", Codec.VP8: "video", Codec.OPUS: "audio"}


@dataclass(frozen=True, slots=True)
class TrackSnapshot:
    """One track; size and rate None until known, and for audio."""

    kind: str
    codec: str
    width: int | None
    height: int | None
    frame_rate: float | None
    bitrate_bps: int


@dataclass(frozen=True, slots=True)
class StreamSnapshot:
    """One stream; ``state`` is starting, live or interrupted; ``started_ms`` is Unix time.

    ``round_trip_ms`` is between publisher and node, None if it is not known.
    """

    name: StreamName
    session: SessionId
    state: str
    started_ms: int
    viewers: int
    tracks: tuple[TrackSnapshot, ...]
    round_trip_ms: float | None = None


def track_snapshots(sent: Sequence[SentTrack], stats: Sequence[TrackStats]) -> tuple[TrackSnapshot, ...]:
    """The tracks in the order of the offer, with what is measured of them so far."""
    measured = {each.codec: each for each in stats}
    return tuple(_track(track.codec, measured.get(track.codec)) for track in sent)


def _track(codec: Codec, stats: TrackStats | None) -> TrackSnapshot:
    kind = _KINDS[codec]
    if stats is None:
        return TrackSnapshot(kind, codec.name, None, None, None, 0)
    frame_rate = round(stats.frame_rate, 1) if kind == "video" and stats.frame_rate else None
    return TrackSnapshot(kind, codec.name, stats.width, stats.height, frame_rate, stats.bitrate_bps)
