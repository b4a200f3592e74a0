"""Pure: how late a track's media comes, and so when to stop waiting for it."""

MARGIN_NS = 120_000_000  # beyond the latest lately; a jitter peak of a Wi-Fi or mobile uplink
_DECAY = 128  # a peak is forgotten over about so many access units


class Lateness:
    """The largest time from capture to here, lately."""

    __slots__ = ("lag_ns",)

    def __init__(self) -> None:
        self.lag_ns = 0

    def observe(self, capture_ns: int, now_ns: int) -> None:
        """Take in an access unit that was captured then and is here now."""
        lag_ns = max(0, now_ns - capture_ns)
        self.lag_ns = max(lag_ns, self.lag_ns - (self.lag_ns - lag_ns) // _DECAY)

    def due_ns(self, now_ns: int) -> int:
        """Whatever was captured before this instant should have been here by now."""
        return now_ns - self.lag_ns - MARGIN_NS
