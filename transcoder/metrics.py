"""Edge: the transcoder's Prometheus metrics, kept by the node from what its workers report."""

import contextlib

from prometheus_client import Counter, Gauge

WORKER_RESTARTS = Counter("tandem_transcoder_worker_restarts", "Workers that died and were replaced", ["stream"])
UNITS_LOST = Counter(
    "tandem_transcoder_units_lost", "Access units lost because the worker did not take them", ["stream"]
)
PICTURES_DECODED = Gauge("tandem_transcoder_pictures_decoded", "Pictures decoded by the current worker", ["stream"])
PICTURES_DROPPED = Gauge("tandem_transcoder_pictures_dropped", "Pictures too late or too many for the grid", ["stream"])
PICTURES_REPEATED = Gauge("tandem_transcoder_pictures_repeated", "Grid slots that repeat a picture", ["stream"])
PICTURES_SKIPPED = Gauge("tandem_transcoder_pictures_skipped", "Pictures left out of a rung under overload", ["stream"])
RUNGS_SHED = Gauge("tandem_transcoder_rungs_shed", "Rungs reduced to one picture a part under overload", ["stream"])
LAG_SECONDS = Gauge("tandem_transcoder_lag_seconds", "From capture to coded in the slowest rung", ["stream"])
CPU_SECONDS = Gauge("tandem_transcoder_cpu_seconds", "CPU time of the current worker", ["stream"])

_PER_STREAM = (
    WORKER_RESTARTS,
    UNITS_LOST,
    PICTURES_DECODED,
    PICTURES_DROPPED,
    PICTURES_REPEATED,
    PICTURES_SKIPPED,
    RUNGS_SHED,
    LAG_SECONDS,
    CPU_SECONDS,
)


def forget(stream: str) -> None:
    """Drop a stream's series when its session is over, so that names do not pile up."""
    for metric in _PER_STREAM:
        with contextlib.suppress(KeyError):
            metric.remove(stream)
