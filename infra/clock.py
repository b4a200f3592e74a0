"""Edge: wall time that never jumps. Every other module is given the time, or a `Clock`, as an argument."""

import time
from typing import Protocol

NS_PER_S = 1_000_000_000
NTP_UNIX_OFFSET_S = 2_208_988_800  # seconds from 1900-01-01 to 1970-01-01 (RFC 868)


class Clock(Protocol):
    """Tells the time of this node."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch; never falls, never jumps."""
        ...


class SystemClock:
    """Wall time anchored once at start and carried on by the monotonic clock.

    A step of the machine's clock (NTP, an operator) would tear every timeline that is built on it, so the node keeps
    the offset it had when it started, and hands it to its worker processes.

    Args:
        anchor_ns: Unix time at which the machine's monotonic clock was zero; by default, as it is now.
    """

    __slots__ = ("anchor_ns",)

    def __init__(self, anchor_ns: int | None = None) -> None:
        self.anchor_ns = time.time_ns() - time.monotonic_ns() if anchor_ns is None else anchor_ns

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
        return self.anchor_ns + time.monotonic_ns()


def unix_ns_to_ntp(unix_ns: int) -> int:
    """64-bit NTP timestamp (32.32 fixed point, seconds since 1900) of a Unix time in nanoseconds (RFC 5905 6)."""
    seconds, rest_ns = divmod(unix_ns, NS_PER_S)
    return ((seconds + NTP_UNIX_OFFSET_S) << 32) | ((rest_ns << 32) // NS_PER_S)


def ntp_to_unix_ns(ntp: int) -> int:
    """Unix time in nanoseconds of a 64-bit NTP timestamp, rounded to the nearest nanosecond (RFC 5905 6)."""
    return ((ntp >> 32) - NTP_UNIX_OFFSET_S) * NS_PER_S + (((ntp & 0xFFFFFFFF) * NS_PER_S + (1 << 31)) >> 32)
