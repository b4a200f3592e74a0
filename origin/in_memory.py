"""Pure: which finished segments keep their bytes in memory, and which are read from the store again.

Theory of operation. The newest segments, as long together as the live part, stay in memory. An older one goes when the
store has it, at once or later, so that a listed segment is in memory, in the store, or in both, at every moment; one
that the store never takes stays for as long as it can be asked for.
"""

from collections import deque
from fractions import Fraction


class InMemory:
    """The segments of one rendition.

    Args:
        live_s: length of the live part, in seconds; None: everything is.
    """

    __slots__ = ("_live", "_live_s", "_longest_s", "_old", "_stored")

    def __init__(self, live_s: Fraction | None) -> None:
        self._longest_s = live_s
        self._live: deque[tuple[int, Fraction]] = deque()  # (msn, length in seconds), oldest first
        self._live_s = Fraction(0)
        self._stored: set[int] = set()  # of the live part
        self._old: set[int] = set()  # older, and not stored yet

    def finished(self, msn: int, duration_s: Fraction) -> list[int]:
        """A segment is finished; the numbers of those whose bytes may go now."""
        if self._longest_s is None:
            return []
        self._live.append((msn, duration_s))
        self._live_s += duration_s
        may_go = []
        while self._live_s - self._live[0][1] >= self._longest_s:
            oldest, length_s = self._live.popleft()
            self._live_s -= length_s
            if oldest in self._stored:
                self._stored.remove(oldest)
                may_go.append(oldest)
            else:
                self._old.add(oldest)
        return may_go

    def stored(self, msn: int) -> bool:
        """The store has a segment; whether its bytes may go now."""
        if msn in self._old:
            self._old.remove(msn)
            return True
        if self._longest_s is not None:
            self._stored.add(msn)
        return False
