"""Edge: the Prometheus metrics of the WebRTC side."""

from prometheus_client import Counter, Gauge, Histogram

RTP_PACKETS = Counter(
    "tandem_ingest_rtp_packets", "RTP packets received from publishers, without retransmissions", ["stream", "track"]
)
RTP_LOST = Counter("tandem_ingest_rtp_lost", "RTP packets of publishers that were never received", ["stream", "track"])
RTP_REPAIRED = Counter("tandem_ingest_rtp_repaired", "RTP packets received by retransmission", ["stream", "track"])
RTP_REFUSED = Counter("tandem_ingest_rtp_refused", "RTP packets dropped: late, doubled, malformed", ["stream", "track"])
ACCESS_UNITS = Counter("tandem_ingest_access_units", "Access units handed on", ["stream", "track"])
ACCESS_UNITS_DROPPED = Counter(
    "tandem_ingest_access_units_dropped", "Pictures dropped because an earlier packet was lost", ["stream", "track"]
)
NACKS = Counter("tandem_ingest_nacks", "Packets asked for again", ["stream", "track"])
KEYFRAME_REQUESTS = Counter("tandem_ingest_keyframe_requests", "Keyframes asked of publishers", ["stream", "track"])
BITRATE = Gauge("tandem_ingest_bitrate_bps", "Media received from the publisher, bit/s", ["stream", "track"])
JITTER = Gauge("tandem_ingest_jitter_seconds", "Interarrival jitter of the publisher's packets", ["stream", "track"])

FORWARDED_PACKETS = Counter("tandem_ingest_forwarded_packets", "RTP packets sent to viewers", ["stream"])
FORWARDED_BYTES = Counter("tandem_ingest_forwarded_bytes", "RTP payload sent to viewers", ["stream"])
FORWARD_LOST = Counter("tandem_ingest_forward_lost_packets", "RTP packets not sent: viewer or socket slow", ["stream"])

TRACK_COUNTERS = {
    RTP_PACKETS: "packets",
    RTP_LOST: "lost",
    RTP_REPAIRED: "repaired",
    RTP_REFUSED: "refused",
    ACCESS_UNITS: "frames",
    ACCESS_UNITS_DROPPED: "frames_dropped",
    NACKS: "nacks",
    KEYFRAME_REQUESTS: "keyframe_requests",
}  # by the field of `ingest.inbound.TrackStats` that feeds them

DATAGRAMS_DROPPED = Counter(
    "tandem_ingest_datagrams_dropped", "Datagrams not taken, or not sent because the socket was full", ["reason"]
)
PUBLISHERS = Gauge("tandem_ingest_publishers", "Publishers now, also those still connecting")
VIEWERS = Gauge("tandem_ingest_viewers", "WebRTC viewers now, also those still connecting")
CONNECTIONS_ENDED = Counter("tandem_ingest_connections_ended", "WebRTC connections that ended", ["role", "reason"])
CONNECT_SECONDS = Histogram(
    "tandem_ingest_connect_seconds",
    "From the offer to a secured connection",
    ["role"],
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
PUBLISHERS_LOST = Counter("tandem_ingest_publishers_lost", "Publishers that vanished without a goodbye")
PUBLISHERS_RETURNED = Counter("tandem_ingest_publishers_returned", "Publishers back within the grace time")
UNITS_NOT_FED = Counter("tandem_ingest_access_units_not_fed", "Access units lost before the transcoder ran", ["stream"])

_PER_STREAM = (
    *TRACK_COUNTERS,
    BITRATE,
    JITTER,
    FORWARDED_PACKETS,
    FORWARDED_BYTES,
    FORWARD_LOST,
    UNITS_NOT_FED,
)


def forget(stream: str) -> None:
    """Drop a stream's series when its broadcast is over, so that names do not pile up."""
    for metric in _PER_STREAM:
        metric.remove_by_labels({"stream": stream})
