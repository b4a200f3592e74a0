"""Pure: the numbers of the latency profiles, shared by the transcoder (which cuts) and the origin (which promises)."""

from dataclasses import dataclass
from fractions import Fraction

from infra.settings import Profile


@dataclass(frozen=True, slots=True)
class LatencyProfile:
    """Fixed for the life of a session.

    Attributes:
        part_s: nominal length of a video part, in seconds; a whole number of frames at 25, 30, 50 and 60 fps is cut to
            at most this.
        part_target_s: EXT-X-PART-INF PART-TARGET: no part of any rendition is longer. Audio parts are whole AAC frames
            of 1024/48000 s, so it is the video part rounded up to the next audio frame.
        segment_s: nominal length of a segment, in seconds.
        target_duration_s: EXT-X-TARGETDURATION.
        part_hold_back_s: three part targets (RFC 8216bis 4.4.3.8).
        hold_back_s: three target durations.
    """

    part_s: Fraction
    part_target_s: Fraction
    segment_s: int
    target_duration_s: int

    @property
    def part_hold_back_s(self) -> Fraction:
        """PART-HOLD-BACK in seconds."""
        return 3 * self.part_target_s

    @property
    def hold_back_s(self) -> int:
        """HOLD-BACK in seconds."""
        return 3 * self.target_duration_s


_AAC_FRAME_S = Fraction(1024, 48000)

PROFILES = {
    Profile.STANDARD: LatencyProfile(Fraction(1, 3), 16 * _AAC_FRAME_S, 2, 2),
    Profile.ULTRA: LatencyProfile(Fraction(1, 5), 10 * _AAC_FRAME_S, 1, 1),
}
