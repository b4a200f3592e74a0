"""Edge: one stream's fan-out to its viewers: every access unit is packetised once.

A viewer starts with a keyframe. The newest one and the pictures behind it are remembered while they are young, so that
a viewer whose keyframe came while it was still connecting need not wait for another.
"""

from ingest import metrics
from ingest.packetize import packetize
from ingest.timestamps import OutboundTimestamps
from ingest.tracks import CLOCK_RATES
from ingest.viewer import OutgoingUnit, ViewerSession
from transcoder.access_unit import AccessUnit, Codec, Track

OPENING_NS = 200_000_000  # a viewer connects in 50 to 100 ms; older pictures would have to be caught up with
_MAX_OPENING_UNITS = 32


class Forwarder:
    """Fans out one stream; lives as long as the stream, across publishers.

    Args:
        stream: label of the metrics.
    """

    def __init__(self, stream: str = "") -> None:
        self._viewers: dict[ViewerSession, None] = {}  # in order of joining
        self._timestamps: dict[Track, tuple[Codec, OutboundTimestamps]] = {}
        self._opening: list[tuple[AccessUnit, int, int]] = []  # with timestamp and lag: a keyframe, and what followed
        self._packets = metrics.FORWARDED_PACKETS.labels(stream)
        self._bytes = metrics.FORWARDED_BYTES.labels(stream)
        self._lost = metrics.FORWARD_LOST.labels(stream)

    def __len__(self) -> int:
        return len(self._viewers)

    def add(self, viewer: ViewerSession) -> None:
        """A viewer whose connection stands; it starts with a young keyframe, or asks for one."""
        self._viewers[viewer] = None
        if not self._opening or not viewer.plays(self._opening[0][0].codec):
            viewer.join()
            return
        for unit, timestamp, lag_ticks in self._opening:
            viewer.push(OutgoingUnit(unit, packetize(unit), timestamp, lag_ticks))

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
        if unit.track is Track.VIDEO:
            self._remember(unit, timestamp, timestamps.lag_ticks)
        if not self._viewers:
            return
        payloads = packetize(unit)
        outgoing = OutgoingUnit(unit, payloads, timestamp, timestamps.lag_ticks)
        lost = sum(viewer.push(outgoing) for viewer in list(self._viewers))
        self._packets.inc(len(payloads) * len(self._viewers))
        self._bytes.inc(sum(map(len, payloads)) * len(self._viewers))
        self._lost.inc(lost)

    def _remember(self, unit: AccessUnit, timestamp: int, lag_ticks: int) -> None:
        """Keep a keyframe and what follows it, for as long as somebody may begin with it."""
        opening = self._opening
        if unit.key:
            opening.clear()
        elif not opening:
            return
        opening.append((unit, timestamp, lag_ticks))
        if unit.capture_ns - opening[0][0].capture_ns > OPENING_NS or len(opening) > _MAX_OPENING_UNITS:
            opening.clear()
