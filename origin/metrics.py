"""Edge: the Prometheus metrics of the origin."""

from prometheus_client import Counter, Gauge, Histogram

SESSIONS = Gauge("tandem_origin_sessions", "Sessions held, live ones and those that ended a moment ago")
PUSHES = Gauge("tandem_origin_pushes", "CMAF pushes now, one for each rendition")
PUSHED_BYTES = Counter("tandem_origin_pushed_bytes", "CMAF received", ["stream"])
PARTS = Counter("tandem_origin_parts", "Parts received", ["stream"])
PART_AGE_SECONDS = Histogram(
    "tandem_origin_part_age_seconds",
    "From the capture of a part's first sample until the part can be asked for",
    buckets=(0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1, 1.5, 2, 5),
)
INTERRUPTIONS = Counter("tandem_origin_interruptions", "Pushes that broke off", ["stream"])
DISCONTINUITIES = Counter("tandem_origin_discontinuities", "Discontinuities put into playlists", ["stream"])
REFUSED = Counter("tandem_origin_pushes_refused", "Pushes refused for what they carried", ["stream"])
REPEATED = Counter(
    "tandem_origin_repeated_fragments", "Fragments of foreign encoders dropped because they had come before", ["stream"]
)

HELD = Gauge("tandem_origin_held_requests", "Requests held now for what does not exist yet")
HELD_TOO_LONG = Counter("tandem_origin_held_too_long", "Requests answered 503 after being held")
RENDERED = Counter("tandem_origin_playlists_rendered", "Playlists written; each serves all who wait for it")
VIOLATIONS = Counter("tandem_origin_playlist_violations", "Rules broken by playlists that were given out; must stay 0")
SERVED_BYTES = Counter("tandem_origin_served_bytes", "Bodies of playlists and media sent to viewers", ["resource"])

RECOVERED = Counter(
    "tandem_origin_recovered_sessions", "Sessions that a crash left without an end, by what became of them", ["outcome"]
)

STORED = Counter("tandem_origin_stored_objects", "Objects that the store has taken")
STORED_BYTES = Counter("tandem_origin_stored_bytes", "Their size")
STORE_DELAY_SECONDS = Histogram(
    "tandem_origin_store_delay_seconds",
    "From an object being finished until the store has it",
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600, 3600),
)
STORE_FAILURES = Counter("tandem_origin_store_failures", "Writes that failed and will be tried again")
STORE_LOST = Counter("tandem_origin_store_lost_objects", "Objects that were given up before the store took them")
STORE_PENDING = Gauge("tandem_origin_store_pending_objects", "Objects that are finished and not in the store yet")
STORE_PENDING_BYTES = Gauge("tandem_origin_store_pending_bytes", "Their size, in memory and spilled")
STORE_PENDING_AGE_SECONDS = Gauge("tandem_origin_store_pending_age_seconds", "How long the oldest of them has waited")
STORE_TROUBLE = Gauge("tandem_origin_store_trouble", "1 while the store takes nothing")
RETENTION_DELETED = Counter("tandem_origin_retention_deleted_objects", "Objects deleted because their time was over")
RETENTION_DELETED_BYTES = Counter("tandem_origin_retention_deleted_bytes", "Their size")
SPILLED_BYTES = Gauge("tandem_origin_spilled_bytes", "What waits for the store in files")
SPILL_FAILURES = Counter("tandem_origin_spill_failures", "Files of what waits that could not be written")

AFTER_JOBS = Counter("tandem_origin_after_jobs", "Attempts at work after a session that ended so", ["task", "outcome"])
AFTER_WAITING = Gauge("tandem_origin_after_jobs_waiting", "Work after sessions that is not done and not given up")
AFTER_SECONDS = Histogram(
    "tandem_origin_after_seconds",
    "How long an attempt at work after a session took",
    ["task"],
    buckets=(1, 2, 5, 10, 30, 60, 300, 900, 3600),
)

_PER_STREAM = (PUSHED_BYTES, PARTS, INTERRUPTIONS, DISCONTINUITIES, REFUSED, REPEATED)


def forget(stream: str) -> None:
    """Drop a stream's series when nothing of it is served any more, so that names do not pile up."""
    for metric in _PER_STREAM:
        metric.remove_by_labels({"stream": stream})
