"""Pure: has the other side of a media connection gone silent?

A server reports on what it receives, by RFC 3550 every few seconds. How often, nobody says beforehand: the longest
pause heard so far tells, and several times as much without a sound is no pause any more. Consent checks (RFC 7675)
find it too, but take half a minute.
"""

LEAST_S = 4.0  # a network that changes hands is silent for a second or two
PAUSES = 4.0
_HEARD_FIRST = 3  # before anything is made of silence


class Silence:
    """Watches a count that grows while the other side is there. Times in seconds, of any clock."""

    def __init__(self) -> None:
        self._count = 0
        self._heard = 0
        self._heard_s = 0.0
        self._longest_s = 0.0

    def is_lost(self, count: int, now_s: float) -> bool:
        """Whether the other side is to be taken for gone.

        Args:
            count: of bytes or packets received so far.
            now_s: the time.
        """
        if count > self._count:
            if self._heard:
                self._longest_s = max(self._longest_s, now_s - self._heard_s)
            self._count, self._heard, self._heard_s = count, self._heard + 1, now_s
        return self._heard >= _HEARD_FIRST and now_s - self._heard_s > max(LEAST_S, PAUSES * self._longest_s)
