"""Pure: sequence numbers and timestamps that wrap (RFC 1982); inside ingest they are unwrapped once, on arrival."""


def serial_delta(new: int, old: int, bits: int) -> int:
    """Signed distance from ``old`` to ``new`` in a number space of ``bits``; at most half of the space either way."""
    half = 1 << (bits - 1)
    return ((new - old + half) & ((1 << bits) - 1)) - half


class SerialExtender:
    """Turns wrapping numbers into ones that do not, nearest to the highest seen; the first is offset by one full turn.

    The offset keeps numbers that arrive late, from before the first, positive.
    """

    __slots__ = ("_bits", "highest")

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self.highest: int | None = None

    def distance(self, value: int) -> int:
        """How far the value lies ahead of the highest seen; 0 before the first."""
        return 0 if self.highest is None else serial_delta(value, self.highest, self._bits)

    def extend(self, value: int) -> int:
        """The number without wraps; its lowest ``bits`` are the value."""
        if self.highest is None:
            self.highest = value + (1 << self._bits)
        extended = self.highest + self.distance(value)
        self.highest = max(self.highest, extended)
        return extended
