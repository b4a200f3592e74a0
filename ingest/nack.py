"""Pure: repair of loss: which packets to ask for again and when, and how a retransmission is packed (RFC 4588).

Theory of operation. `seen` is told every sequence number that arrives, original or retransmitted, unwrapped. A gap is
asked for at once (a lost packet is far more frequent than a reordered one), then again every round trip and a half, at
least 40 ms apart, until it arrives, the caller forgets it, or `give_up_ns` is over.

The round trip is the time from the first request to the packet, even if there were more requests. Leaving those out
(Karn's rule) would leave out every packet of a path whose round trip is longer than the first guess, which then would
never be corrected, and each loss be asked for several times. What lost retransmissions add is kept small by an
estimate that falls faster than it rises.

Requests are collected for `SPACING_NS` after the last ones: where packets are reordered much, most of what seems lost
arrives meanwhile; and FFmpeg reads one datagram for each access unit it sends, about 80 a second: more make a queue in
which every request comes too late (measured at 5 % loss on a path of 20 ms: 73 of 516 pictures, with both rules 714 of
716).

Invariants: a packet is never asked for after it was seen; at most `MAX_MISSING` are remembered, at most `MAX_REQUESTS`
asked for in one call; the calls of a gap are bounded by ``give_up_ns / 40 ms``, all calls by ``1 / SPACING_NS``.
"""

import struct
from dataclasses import dataclass

from ingest.rtp import RtpPacket

MAX_MISSING = 512  # remembered gaps; more is an outage, and a keyframe repairs it faster
MAX_REQUESTS = 128  # a call; spread over calls so that a burst of loss is not answered by a burst of retransmissions
GIVE_UP_NS = 500_000_000  # measured with Chromium: at 10 % loss everything came within, and a keyframe takes 10-40 ms
SPACING_NS = 20_000_000  # between requests; as libwebrtc does for repeated ones
MIN_RETRY_NS = 40_000_000
MAX_RETRY_NS = 200_000_000
_FIRST_ROUND_TRIP_NS = 40_000_000  # until one is measured
_RISE, _FALL = 8, 2  # an estimate near the shortest: some packets came for a second request, as the first was lost
_ORIGINAL_SEQUENCE = struct.Struct("!H")


@dataclass(slots=True)
class _Missing:
    since_ns: int
    first_asked_ns: int | None = None
    asked_ns: int = 0  # for the last time


class NackQueue:
    """See the module's theory of operation."""

    __slots__ = ("_asked_ns", "_give_up_ns", "_highest", "_missing", "round_trip_ns")

    def __init__(self, give_up_ns: int = GIVE_UP_NS) -> None:
        self._give_up_ns = give_up_ns
        self._highest: int | None = None
        self._missing: dict[int, _Missing] = {}
        self._asked_ns: int | None = None  # for anything
        self.round_trip_ns = _FIRST_ROUND_TRIP_NS

    def __len__(self) -> int:
        return len(self._missing)

    def seen(self, sequence: int, now_ns: int) -> None:
        """A packet arrived: it is not missing any more; those between it and the highest one before are."""
        if self._highest is None:
            self._highest = sequence
            return
        if sequence <= self._highest:
            missing = self._missing.pop(sequence, None)
            if missing is not None and missing.first_asked_ns is not None:
                error_ns = now_ns - missing.first_asked_ns - self.round_trip_ns
                self.round_trip_ns += error_ns // (_RISE if error_ns > 0 else _FALL)
            return
        for lost in range(max(self._highest + 1, sequence - MAX_MISSING), sequence):
            self._missing[lost] = _Missing(now_ns)
        self._highest = sequence
        while len(self._missing) > MAX_MISSING:
            del self._missing[next(iter(self._missing))]

    def due(self, now_ns: int) -> list[int]:
        """The sequence numbers to ask for now, ascending; they count as asked for."""
        if self._asked_ns is not None and now_ns - self._asked_ns < SPACING_NS:
            return []
        retry_ns = min(max(self.round_trip_ns * 3 // 2, MIN_RETRY_NS), MAX_RETRY_NS)
        wanted: list[int] = []
        for sequence, missing in list(self._missing.items()):
            if now_ns - missing.since_ns >= self._give_up_ns:
                del self._missing[sequence]
            elif missing.first_asked_ns is None or now_ns - missing.asked_ns >= retry_ns:
                if len(wanted) == MAX_REQUESTS:
                    break
                if missing.first_asked_ns is None:
                    missing.first_asked_ns = now_ns
                missing.asked_ns = self._asked_ns = now_ns
                wanted.append(sequence)
        return wanted

    def forget_below(self, sequence: int) -> None:
        """What was before this number is not wanted any more."""
        while self._missing and (oldest := next(iter(self._missing))) < sequence:
            del self._missing[oldest]


def unwrap_rtx(packet: RtpPacket, payload_type: int, ssrc: int) -> RtpPacket | None:
    """The original packet inside a retransmission, None if there is none inside: a bandwidth probe (RFC 4588 4).

    Args:
        packet: as it came on the retransmission stream.
        payload_type: of the original (``apt``).
        ssrc: of the original stream.
    """
    if len(packet.payload) <= _ORIGINAL_SEQUENCE.size:
        return None
    (sequence,) = _ORIGINAL_SEQUENCE.unpack_from(packet.payload)
    payload = packet.payload[_ORIGINAL_SEQUENCE.size :]
    return RtpPacket(payload_type, packet.marker, sequence, packet.timestamp, ssrc, payload, packet.extensions)


def rtx_payload(sequence: int, payload: bytes) -> bytes:
    """The payload of a retransmission: the original sequence number, then the original payload (RFC 4588 4)."""
    return _ORIGINAL_SEQUENCE.pack(sequence) + payload
