"""Pure: transport-wide congestion control feedback, from which a sender learns how much it may send.

draft-holmer-rmcat-transport-wide-cc-extensions-01. Every packet of a transport carries one sequence number; about every
50 ms the receiver reports which came, and when. Without it a browser stays at a few hundred kbit/s.

Theory of operation. `record` notes arrivals. `feedback` reports everything from the oldest packet that is not yet
reported to the newest. A packet that comes late, after a report said it was missing, is reported by a report that
begins at it and repeats the known ones behind it; the sender takes each packet's first arrival. Arrivals older than
`HISTORY_NS` or more than `MAX_SPAN` numbers behind the newest are forgotten.

A report ends early, and a next one follows, when the time between two packets does not fit 16 bits of 250 us or when
it reaches `MAX_STATUSES`. What was dropped on purpose must not be recorded: the sender would never send it again.
"""

import struct

from ingest.serial import SerialExtender

INTERVAL_NS = 50_000_000
HISTORY_NS = 500_000_000
MAX_SPAN = 2000  # sequence numbers one call reports on; 40,000 packets a second
MAX_STATUSES = 400  # in one RTCP packet: at two bytes a delta it stays under 1200 bytes

TICK_NS = 250_000
REFERENCE_NS = 64_000_000
_MISSING, _SMALL, _LARGE = 0, 1, 2
_DELTA_MAX = 0x7FFF  # ticks in 16 bits, 8.19 s
_RUN_MAX = (1 << 13) - 1
_ONE_BIT_SYMBOLS, _TWO_BIT_SYMBOLS = 14, 7
_FEEDBACK = 205
_FORMAT = 15
_HEAD = struct.Struct("!BBHIIHHI")


class TransportFeedback:
    """See the module's theory of operation.

    Args:
        ssrc: of our reports.
    """

    __slots__ = ("_arrivals", "_count", "_extender", "_from", "_ssrc")

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._extender = SerialExtender(16)
        self._arrivals: dict[int, int] = {}  # arrival_ns by unwrapped number
        self._from: int | None = None  # the oldest number that is not yet reported, None: nothing new
        self._count = 0

    def record(self, sequence: int, arrival_ns: int) -> None:
        """A packet with this transport-wide number (16 bits) arrived; duplicates count once."""
        number = self._extender.extend(sequence)
        highest = self._extender.highest
        if number in self._arrivals or (highest is not None and number <= highest - MAX_SPAN):
            return
        previous = max(self._arrivals, default=None) if self._from is None else None
        self._arrivals[number] = arrival_ns
        if self._from is None:
            self._from = number if previous is None else min(number, previous + 1)
        else:
            self._from = min(number, self._from)

    def feedback(self, now_ns: int, media_ssrc: int) -> list[bytes]:
        """The RTCP packets that report what is new, none if nothing is; forgets what is too old."""
        if self._from is None:
            return []
        last = max(self._arrivals)
        begin = max(self._from, last - MAX_SPAN + 1)
        self._from = None
        packets: list[bytes] = []
        while begin <= last:
            packet, begin = self._report(begin, last, media_ssrc)
            packets.append(packet)
        self._forget(now_ns, last)
        return packets

    def _forget(self, now_ns: int, last: int) -> None:
        oldest_ns = now_ns - HISTORY_NS
        self._arrivals = {
            number: arrival_ns
            for number, arrival_ns in self._arrivals.items()
            if number == last or (arrival_ns >= oldest_ns and number > last - MAX_SPAN)
        }

    def _report(self, begin: int, last: int, media_ssrc: int) -> tuple[bytes, int]:
        """One RTCP packet from ``begin`` on, and the number behind its last."""
        first_ns = next(self._arrivals[number] for number in range(begin, last + 1) if number in self._arrivals)
        reference = first_ns // REFERENCE_NS
        at_tick = reference * (REFERENCE_NS // TICK_NS)
        symbols: list[int] = []
        deltas = bytearray()
        for number in range(begin, min(last + 1, begin + MAX_STATUSES)):
            arrival_ns = self._arrivals.get(number)
            if arrival_ns is None:
                symbols.append(_MISSING)
                continue
            tick = arrival_ns // TICK_NS
            delta = tick - at_tick
            if abs(delta) > _DELTA_MAX:
                break
            at_tick = tick
            small = 0 <= delta <= 0xFF  # noqa: PLR2004 - one unsigned byte
            symbols.append(_SMALL if small else _LARGE)
            deltas += struct.pack("!B" if small else "!h", delta)
        body = encode_statuses(symbols) + deltas
        padding = -len(body) % 4
        if padding:
            body += bytes(padding - 1) + bytes((padding,))
        first = 0x80 | (0x20 if padding else 0) | _FORMAT
        words = (_HEAD.size + len(body)) // 4 - 1
        tail = (reference & 0xFFFFFF) << 8 | self._count
        self._count = (self._count + 1) & 0xFF
        head = _HEAD.pack(first, _FEEDBACK, words, self._ssrc, media_ssrc, begin & 0xFFFF, len(symbols), tail)
        return head + body, begin + len(symbols)


def encode_statuses(symbols: list[int]) -> bytes:
    """Packet status chunks (3.1.2 to 3.1.4 of the draft): run-length where it is shorter, else one or two bits each."""
    chunks: list[int] = []
    at = 0
    while at < len(symbols):
        run = 1
        while at + run < len(symbols) and symbols[at + run] == symbols[at] and run < _RUN_MAX:
            run += 1
        ahead = symbols[at : at + _ONE_BIT_SYMBOLS]
        plain = _LARGE not in ahead
        if run >= min(_ONE_BIT_SYMBOLS if plain else _TWO_BIT_SYMBOLS, len(symbols) - at):
            chunks.append(symbols[at] << 13 | run)
            at += run
        elif plain:
            bits = sum(symbol << (_ONE_BIT_SYMBOLS - 1 - index) for index, symbol in enumerate(ahead))
            chunks.append(0x8000 | bits)
            at += _ONE_BIT_SYMBOLS
        else:
            ahead = ahead[:_TWO_BIT_SYMBOLS]
            bits = sum(symbol << 2 * (_TWO_BIT_SYMBOLS - 1 - index) for index, symbol in enumerate(ahead))
            chunks.append(0xC000 | bits)
            at += _TWO_BIT_SYMBOLS
    return struct.pack(f"!{len(chunks)}H", *chunks)
