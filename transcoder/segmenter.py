"""Pure: where parts and segments begin, on the frame grid, for all renditions alike.

The schedule starts at an anchor, the index of the first picture. The first segment has `FIRST_PARTS` parts only,
because players begin when there is a whole segment; from there on a segment opens every `segment_frames`, and inside it
a part every `part_frames`; the last part of a segment may be shorter. Audio frames belong to the part in
which they start, so its boundaries are those of the video, rounded up to a whole audio frame.
"""

from dataclasses import dataclass
from typing import NamedTuple

from infra.profiles import LatencyProfile
from transcoder.timeline import AUDIO_TIMESCALE

FIRST_PARTS = 2


class Place(NamedTuple):
    """A part: the number of its segment since the anchor, and its own number in it."""

    segment: int
    part: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Parts and segments on the grid.

    Attributes:
        anchor_index: grid index of the first picture.
        frame_rate: pictures per second.
        part_frames: pictures of a part, at least 1.
        segment_frames: pictures of a segment.
    """

    anchor_index: int
    frame_rate: int
    part_frames: int
    segment_frames: int

    @classmethod
    def of_profile(cls, profile: LatencyProfile, frame_rate: int, anchor_index: int) -> "Schedule":
        """The schedule that keeps a latency profile's promises."""
        part_frames = int(profile.part_s * frame_rate)
        return cls(anchor_index, frame_rate, part_frames, profile.segment_s * frame_rate)

    def place(self, index: int) -> Place:
        """The part that a grid index is in; the index is not before the anchor."""
        segment, frame = self._frame(index)
        return Place(segment, frame // self.part_frames)

    def opens_segment(self, index: int) -> bool:
        """A segment begins at this index: its picture must be an IDR."""
        return self._frame(index)[1] == 0

    def opens_part(self, index: int) -> bool:
        """A part begins at this index."""
        return self._frame(index)[1] % self.part_frames == 0

    def _frame(self, index: int) -> tuple[int, int]:
        """Segment, and frame in it."""
        frame = index - self.anchor_index
        first = FIRST_PARTS * self.part_frames
        if frame < first:
            return 0, frame
        segment, frame = divmod(frame - first, self.segment_frames)
        return segment + 1, frame

    def place_of_samples(self, samples: int) -> Place:
        """The part in which an audio frame starts, so many samples (48 kHz) after the anchor."""
        return self.place(self.anchor_index + samples * self.frame_rate // AUDIO_TIMESCALE)
