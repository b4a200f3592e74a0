"""Pure: coded samples of one rendition in, the bytes of CMAF ingest out.

The `styp` that opens the next segment follows the last chunk of this one at once, so that the origin can close the
segment without waiting for the next chunk.
"""

from infra.clock import unix_ns_to_ntp
from transcoder.cmaf import Sample, chunk, producer_time, segment_type
from transcoder.timeline import Timeline


class Packager:
    """Collects samples until its caller says that the part is whole."""

    __slots__ = ("_opened", "_samples", "_sequence", "_timeline", "_timescale")

    def __init__(self, timeline: Timeline, timescale: int) -> None:
        self._timeline = timeline
        self._timescale = timescale
        self._samples: list[tuple[int, bytes, bool]] = []
        self._sequence = 0
        self._opened = False

    def add(self, decode_time: int, data: bytes, *, sync: bool) -> None:
        """Take a sample; decode times rise. It lasts until the next one, or until its part ends."""
        self._samples.append((decode_time, data, sync))

    def close_part(self, end_time: int, *, ends_segment: bool) -> bytes:
        """The chunk of the samples so far, which end at this decode time; nothing if there are none."""
        if not self._samples:
            return b""
        times = [time for time, _, _ in self._samples] + [end_time]
        samples = [
            Sample(data, following - time, sync)
            for (time, data, sync), following in zip(self._samples, times[1:], strict=True)
        ]
        self._samples.clear()
        self._sequence += 1
        ntp = unix_ns_to_ntp(self._timeline.media_capture_ns(times[0], self._timescale))
        opening = b"" if self._opened else segment_type()
        closing = segment_type() if ends_segment else b""
        self._opened = True
        return opening + producer_time(ntp, times[0]) + chunk(self._sequence, times[0], samples) + closing
