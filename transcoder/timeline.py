"""Pure: one timeline for all renditions of a session: capture instants, grid indices, ticks and samples.

Zero is the session's epoch, an instant on the node's clock that every worker of the session is given, so that a worker
that takes over continues where the timeline is by then. Media times start at `BASE_S`, so that a picture captured a
little before the epoch still has a positive one.
"""

from dataclasses import dataclass

from infra.clock import NS_PER_S

VIDEO_TIMESCALE = 90_000  # divides by 25, 30, 50 and 60 frames a second
AUDIO_TIMESCALE = 48_000
BASE_S = 10


@dataclass(frozen=True, slots=True)
class Timeline:
    """Maps capture instants to media time.

    Attributes:
        epoch_ns: Unix nanoseconds of media time `BASE_S`.
        frame_rate: pictures per second of the grid; divides `VIDEO_TIMESCALE`.
    """

    epoch_ns: int
    frame_rate: int

    @property
    def frame_ticks(self) -> int:
        """Duration of a picture in `VIDEO_TIMESCALE`."""
        return VIDEO_TIMESCALE // self.frame_rate

    def nearest_index(self, capture_ns: int) -> int:
        """Grid index nearest to a capture instant."""
        return (2 * (capture_ns - self.epoch_ns) * self.frame_rate + NS_PER_S) // (2 * NS_PER_S)

    def index_capture_ns(self, index: int) -> int:
        """Capture instant that a grid index stands for."""
        return self.epoch_ns + index * NS_PER_S // self.frame_rate

    def index_ticks(self, index: int) -> int:
        """Decode time of a grid index in `VIDEO_TIMESCALE`."""
        return BASE_S * VIDEO_TIMESCALE + index * self.frame_ticks

    def index_samples(self, index: int) -> int:
        """Audio position of a grid index, in `AUDIO_TIMESCALE`."""
        return BASE_S * AUDIO_TIMESCALE + index * AUDIO_TIMESCALE // self.frame_rate

    def capture_samples(self, capture_ns: int) -> int:
        """Audio position of a capture instant, in `AUDIO_TIMESCALE`."""
        return BASE_S * AUDIO_TIMESCALE + (capture_ns - self.epoch_ns) * AUDIO_TIMESCALE // NS_PER_S

    def media_capture_ns(self, ticks: int, timescale: int) -> int:
        """Capture instant of a media time."""
        return self.epoch_ns + (ticks - BASE_S * timescale) * NS_PER_S // timescale
