from ingest.inbound import TrackStats
from ingest.negotiation import SentTrack
from ingest.snapshot import TrackSnapshot, track_snapshots
from transcoder.access_unit import Codec, Track

SENT = [SentTrack(Codec.OPUS), SentTrack(Codec.H264, "42E01F")]


def stats(track: Track, codec: Codec, frame_rate: float) -> TrackStats:
    counts = dict.fromkeys(
        [
            "packets",
            "lost",
            "repaired",
            "refused",
            "nacks",
            "keyframe_requests",
            "frames",
            "frames_dropped",
            "keyframes",
        ],
        0,
    )
    size = (1280, 720) if track is Track.VIDEO else (None, None)
    return TrackStats(
        track=track, codec=codec, ssrc=1, width=size[0], height=size[1], frame_rate=frame_rate, bitrate_bps=64_000,
        jitter_ms=0.0, round_trip_ms=0.0, **counts,
    )  # fmt: skip


def test_tracks_are_told_before_anything_of_them_is_measured() -> None:
    assert track_snapshots(SENT, ()) == (
        TrackSnapshot("audio", "OPUS", None, None, None, 0),
        TrackSnapshot("video", "H264", None, None, None, 0),
    )


def test_measured_tracks_keep_the_order_of_the_offer() -> None:
    measured = [stats(Track.VIDEO, Codec.H264, 29.97), stats(Track.AUDIO, Codec.OPUS, 50.0)]
    assert track_snapshots(SENT, measured) == (
        TrackSnapshot("audio", "OPUS", None, None, None, 64_000),
        TrackSnapshot("video", "H264", 1280, 720, 30.0, 64_000),
    )


def test_a_frame_rate_of_zero_is_not_known_yet() -> None:
    assert track_snapshots(SENT[1:], [stats(Track.VIDEO, Codec.H264, 0.0)])[0].frame_rate is None
