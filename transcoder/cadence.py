"""Pure: a constant frame rate from pictures that come when they like.

The grid has a slot every frame duration. A picture fills the next slot unless it is more than one slot early (slots
before it repeat the picture before) or more than one late (it is dropped). With this hysteresis of one frame, jitter of
up to a frame neither repeats nor drops anything; rounding to the nearest slot would do both for every fourth picture
(measured).

While no picture comes, `Cadence.overdue` says how many slots must be filled so that parts leave in time.
"""

from infra.clock import NS_PER_S
from transcoder.errors import TimelineBroken
from transcoder.timeline import Timeline

MAX_FILL_S = 10  # a longer jump of the source's clock is a new timeline, not a pause


class Cadence:
    """Fills the slots of a grid, in order; starts at the slot of the first picture."""

    __slots__ = ("_timeline", "next_index")

    def __init__(self, timeline: Timeline, first_capture_ns: int) -> None:
        self._timeline = timeline
        self.next_index = timeline.nearest_index(first_capture_ns)

    def place(self, capture_ns: int) -> int:
        """How many slots a picture that was captured then fills.

        Returns:
            0: none, drop it; 1: the next one; n: the n-1 slots before it repeat the picture before, it fills the n-th.

        Raises:
            TimelineBroken: it is more than `MAX_FILL_S` ahead.
        """
        ahead_ns = (capture_ns - self._timeline.index_capture_ns(self.next_index)) * self._timeline.frame_rate
        if ahead_ns < -NS_PER_S:
            return 0
        slots = 1 if ahead_ns <= NS_PER_S else 1 + (ahead_ns + NS_PER_S // 2) // NS_PER_S
        if slots > MAX_FILL_S * self._timeline.frame_rate:
            raise TimelineBroken(f"picture is {slots / self._timeline.frame_rate:.1f} s ahead of the one before")
        self.next_index += slots
        return slots

    def overdue(self, due_ns: int) -> int:
        """How many slots to fill with the last picture now, so that the grid reaches this capture instant."""
        slots = min(self._timeline.nearest_index(due_ns) - self.next_index, MAX_FILL_S * self._timeline.frame_rate)
        if slots <= 0:
            return 0
        self.next_index += slots
        return slots
