"""Pure: when to ask a sender for a keyframe, so that many wishes become few requests.

Theory of operation. Wishes come from viewers, from the segment clock and from loss. The first one is asked for at once;
further ones within `INTERVAL_NS` of a request wait until it is over, because a browser's encoder makes no more than one
keyframe in about 300 ms anyway. A request that brought no keyframe is repeated after `INTERVAL_NS` as long as
one is wanted. A keyframe fulfils every wish made before it arrived.
"""

INTERVAL_NS = 500_000_000


class KeyframeRequests:
    """See the module's theory of operation."""

    __slots__ = ("_asked_ns", "_wanted")

    def __init__(self) -> None:
        self._asked_ns: int | None = None
        self._wanted = False

    def want(self) -> None:
        """A keyframe is wanted."""
        self._wanted = True

    def arrived(self) -> None:
        """A keyframe came."""
        self._wanted = False

    def due(self, now_ns: int) -> bool:
        """Whether to send a request now; if so it counts as sent."""
        if not self._wanted or (self._asked_ns is not None and now_ns - self._asked_ns < INTERVAL_NS):
            return False
        self._asked_ns = now_ns
        return True
