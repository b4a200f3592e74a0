"""Pure: at which media sequence numbers a discontinuity stands, in all renditions of a session alike."""

from collections.abc import Iterable


class Breaks:
    """Planned discontinuities; a number never loses or gets one after a rendition opened it.

    ``plan`` is only called with a number that no rendition has opened, so numbers rise.
    """

    __slots__ = ("_forgotten", "_numbers")

    def __init__(self, known: Iterable[int] = ()) -> None:
        self._numbers = sorted(known)
        self._forgotten = 0

    def __contains__(self, msn: int) -> bool:
        return msn in self._numbers

    def plan(self, msn: int, oldest_msn: int) -> None:
        """Put a discontinuity before a number; those before the oldest number that is listed are only counted on."""
        passed = sum(1 for each in self._numbers if each < oldest_msn)
        self._forgotten += passed
        self._numbers = [*self._numbers[passed:], msn]

    def next_from(self, msn: int) -> int | None:
        """The first break at this number or behind it."""
        return next((each for each in self._numbers if each >= msn), None)

    def count_before(self, msn: int) -> int:
        """How many breaks stand before this number: its discontinuity sequence, but for its own."""
        return self._forgotten + sum(1 for each in self._numbers if each < msn)
