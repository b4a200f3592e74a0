"""Edge: one stream's fan-out to its viewers: every access unit is packetised once."""

from ingest import metrics
from ingest.packetize import packetize
from ingest.timestamps import OutboundTimestamps
from ingest.tracks import CLOCK_RATES
from ingest.viewer import OutgoingUnit, ViewerSession
from transcoder.access_unit import AccessUnit, Codec, Track


class Forwarder:
    """Fans out one stream; lives as long as the stream, across publishers.

    Args:
        stream: label of the metrics.
    """

    def __init__(self, stream: str = "") -> None:
        self._viewers: dict[ViewerSession, None] = {}  # in order of joining
        self._timestamps: dict[Track, tuple[Codec, OutboundTimestamps]] = {}
        self._packets = metrics.FORWARDED_PACKETS.labels(stream)
        self._bytes = metrics.FORWARDED_BYTES.labels(stream)
        self._lost = metrics.FORWARD_LOST.labels(stream)

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, viewer: ViewerSession) -> None:
        """A viewer whose connection stands; it asks for the keyframe it starts with."""
        self._viewers[viewer] = None
        viewer.join()

    def remove(self, viewer: ViewerSession) -> None:
        """A viewer leaves; twice is once."""
        self._viewers.pop(viewer, None)

    def push(self, unit: AccessUnit) -> None:
        """Send one access unit to every viewer; never blocks."""
        codec, timestamps = self._timestamps.get(unit.track, (None, None))
        if timestamps is None or codec is not unit.codec:
            timestamps = OutboundTimestamps(CLOCK_RATES[unit.codec])
            self._timestamps[unit.track] = (unit.codec, timestamps)
        timestamp = timestamps.map(unit.rtp_timestamp, unit.capture_ns)
        if not self._viewers:
            return
        payloads = packetize(unit)
        outgoing = OutgoingUnit(unit, payloads, timestamp, timestamps.lag_ticks)
        lost = sum(viewer.push(outgoing) for viewer in list(self._viewers))
        self._packets.inc(len(payloads) * len(self._viewers))
        self._bytes.inc(sum(map(len, payloads)) * len(self._viewers))
        self._lost.inc(lost)
