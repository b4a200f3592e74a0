"""Pure: continuous samples from audio packets that may be missing, late, doubled or of a slightly wrong rate.

Positions count samples. A packet that starts `GAP_SAMPLES` or more after the end of the one before gets silence in
front; one that starts as much before it is trimmed. Smaller errors, which come from the drift of the publisher's sound
card and from jitter, are not cut but worked off: the packet is resampled by at most `MAX_STRETCH_SAMPLES`, which nobody
hears.
"""

from dataclasses import dataclass

from transcoder.errors import TimelineBroken
from transcoder.timeline import AUDIO_TIMESCALE

GAP_SAMPLES = AUDIO_TIMESCALE // 100  # 10 ms
MAX_FILL_SAMPLES = 10 * AUDIO_TIMESCALE  # a longer jump is a new timeline, not a pause
MAX_STRETCH_SAMPLES = 4  # of a 20 ms packet: 0.4 %
_DEAD_ZONE_SAMPLES = AUDIO_TIMESCALE // 500  # 2 ms
_SMOOTHING = 16  # packets over which the error is averaged before it is believed


@dataclass(frozen=True, slots=True)
class Placement:
    """What to do with a packet's samples.

    Attributes:
        silence: samples of silence to put in front.
        skip: samples to cut from its beginning; as many as it has, if it is dropped.
        length: how many samples the rest is resampled to.
    """

    silence: int
    skip: int
    length: int


class AudioClock:
    """Places packets one after the other; ``position`` is where the next sample goes."""

    __slots__ = ("_error", "position")

    def __init__(self, position: int) -> None:
        self.position = position
        self._error = 0.0

    def place(self, start: int, samples: int) -> Placement:
        """Place a packet of so many samples that starts at a position by its capture clock.

        Raises:
            TimelineBroken: it is more than `MAX_FILL_SAMPLES` ahead.
        """
        ahead = start - self.position
        if ahead > MAX_FILL_SAMPLES:
            raise TimelineBroken(f"audio is {ahead / AUDIO_TIMESCALE:.1f} s ahead of the packet before")
        if ahead >= GAP_SAMPLES:
            self._error = 0.0
            self.position += ahead + samples
            return Placement(ahead, 0, samples)
        if ahead <= -GAP_SAMPLES:
            skip = min(-ahead, samples)
            self._error = 0.0
            self.position += samples - skip
            return Placement(0, skip, samples - skip)
        self._error += (ahead - self._error) / _SMOOTHING
        stretch = 0
        if abs(self._error) > _DEAD_ZONE_SAMPLES:
            stretch = MAX_STRETCH_SAMPLES if self._error > 0 else -MAX_STRETCH_SAMPLES
        length = max(0, samples + stretch)
        self.position += length
        return Placement(0, 0, length)

    def fill(self, until: int) -> int:
        """How many samples of silence to add so that the audio reaches a position; none if it is there already."""
        silence = min(max(0, until - self.position), MAX_FILL_SAMPLES)
        self.position += silence
        return silence
