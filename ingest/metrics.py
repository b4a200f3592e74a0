"""Edge: what Prometheus learns of ingest."""

from prometheus_client import Counter, Gauge, Histogram

DATAGRAMS_DROPPED = Counter(
    "tandem_ingest_datagrams_dropped",
    "Datagrams that were not taken, or could not be sent, by reason",
    ["reason"],
)
CONNECTIONS = Gauge("tandem_ingest_connections", "WebRTC connections now, by role", ["role"])
CONNECTIONS_ENDED = Counter("tandem_ingest_connections_ended", "WebRTC connections that ended", ["role", "reason"])
CONNECT_SECONDS = Histogram(
    "tandem_ingest_connect_seconds",
    "From the offer to a secured connection",
    ["role"],
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
PUBLISHERS_LOST = Counter("tandem_ingest_publishers_lost", "Publishers that vanished without a goodbye", ["stream"])
PUBLISHERS_RETURNED = Counter(
    "tandem_ingest_publishers_returned", "Publishers back within the grace period", ["stream"]
)
