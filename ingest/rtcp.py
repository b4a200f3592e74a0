"""Pure: RTCP (RFC 3550 6, RFC 3611, RFC 4585, RFC 5104): what we read of it from hostile bytes, and what we print.

aiortc's classes are not used: their parser gives up on a whole compound packet for one odd member, and their generic
NACK does not survive the wrap of the sequence number.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.rtp import RTP_VERSION, Malformed

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, GOODBYE, TRANSPORT_FEEDBACK, PAYLOAD_FEEDBACK = (
    200,
    201,
    202,
    203,
    205,
    206,
)
EXTENDED_REPORT = 207  # RFC 3611 2
NACK, PLI, FIR = 1, 1, 4  # feedback message types
MAX_COMPOUND_BYTES = 2048
MAX_NACKED = 512  # sequence numbers read from one compound packet; a ring of 1024 cannot serve more in earnest

_HEAD = struct.Struct("!BBH")
_SENDER_INFO = struct.Struct("!IQIII")
_BLOCK = struct.Struct("!IIIIII")
_CNAME = 1  # RFC 3550 6.5.1
_BLOCK_HEAD = struct.Struct("!BBH")  # of an extended report's blocks: type, reserved, length in words
_ECHO = struct.Struct("!III")
_REFERENCE_TIME, _ECHOES = 4, 5  # block types: RRTR and DLRR (RFC 3611 4.4, 4.5)
_HISTORY_BITS = 16  # sequence numbers behind the first in a NACK item (RFC 4585 6.2.1)


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """One source as its receiver sees it (RFC 3550 6.4.1).

    Attributes:
        ssrc: the source.
        fraction_lost: since the last report, in 1/256.
        packets_lost: since the start, 24 bits signed.
        highest_sequence: with the count of wraps in the upper 16 bits.
        jitter: interarrival jitter in RTP clock ticks.
        last_report: the middle 32 bits of the NTP time of the last sender report, 0 without one.
        delay: since that report, in 1/65536 s.
    """

    ssrc: int
    fraction_lost: int
    packets_lost: int
    highest_sequence: int
    jitter: int
    last_report: int
    delay: int


@dataclass(frozen=True, slots=True)
class SenderReport:
    """A sender's mapping from RTP time to its NTP clock, and its counts (RFC 3550 6.4.1)."""

    ssrc: int
    ntp: int
    rtp_timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True, slots=True)
class Nack:
    """Sequence numbers of 16 bits that the receiver of ``media_ssrc`` misses (RFC 4585 6.2.1)."""

    media_ssrc: int
    sequences: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """Picture loss indication or full intra request for ``media_ssrc`` (RFC 4585 6.3.1, RFC 5104 4.3.1)."""

    media_ssrc: int


@dataclass(frozen=True, slots=True)
class Goodbye:
    """The sources left (RFC 3550 6.6)."""

    ssrcs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReferenceTimeEcho:
    """A sender answers a receiver's reference time (DLRR, RFC 3611 4.5).

    Attributes:
        ssrc: the receiver that is answered.
        reference: the middle 32 bits of the NTP time it had sent.
        delay: how long the sender has had that, in 1/65536 s.
    """

    ssrc: int
    reference: int
    delay: int


Message = ReportBlock | SenderReport | Nack | KeyframeRequest | Goodbye | ReferenceTimeEcho


def parse_rtcp(data: bytes) -> list[Message]:
    """What a compound packet says that we act on, in order; members of other types or of odd shape are skipped.

    Raises:
        Malformed: the packet cannot be divided into its members.
    """
    if len(data) > MAX_COMPOUND_BYTES:
        raise Malformed(f"RTCP packet of {len(data)} bytes refused: at most {MAX_COMPOUND_BYTES} are allowed")
    messages: list[Message] = []
    at = 0
    while at < len(data):
        if len(data) < at + _HEAD.size:
            raise Malformed("RTCP packet refused: its last member is shorter than a header")
        first, kind, words = _HEAD.unpack_from(data, at)
        if first >> 6 != RTP_VERSION:
            raise Malformed(f"RTCP version {first >> 6} refused: only version 2 exists")
        end = at + _HEAD.size + 4 * words
        if end > len(data):
            raise Malformed("RTCP packet refused: a member is longer than the packet")
        body = data[at + _HEAD.size : end]
        at = end
        if first & 0x20:
            if not body or not 0 < body[-1] <= len(body):
                raise Malformed("RTCP packet refused: more padding than packet")
            body = body[: -body[-1]]
        messages += _parse_member(kind, first & 0x1F, body)
    return messages


def _parse_member(kind: int, count: int, body: bytes) -> Iterable[Message]:
    if kind == SENDER_REPORT and len(body) >= _SENDER_INFO.size:
        return [SenderReport(*_SENDER_INFO.unpack_from(body)), *_parse_blocks(body[_SENDER_INFO.size :], count)]
    if kind == RECEIVER_REPORT:
        return _parse_blocks(body[4:], count)
    if kind == EXTENDED_REPORT:
        return _parse_echoes(body[4:])
    if kind == GOODBYE:
        return [Goodbye(tuple(ssrc for (ssrc,) in struct.iter_unpack("!I", body[: min(4 * count, len(body) & ~3)])))]
    if len(body) >= 8:  # noqa: PLR2004 - sender and media source of a feedback message
        media_ssrc = int.from_bytes(body[4:8])
        if kind == TRANSPORT_FEEDBACK and count == NACK:
            return [Nack(media_ssrc, _parse_nack_items(body[8:]))]
        if kind == PAYLOAD_FEEDBACK and count == PLI:
            return [KeyframeRequest(media_ssrc)]
        if kind == PAYLOAD_FEEDBACK and count == FIR:
            return [
                KeyframeRequest(ssrc) for ssrc, _ in struct.iter_unpack("!II", body[8 : 8 + (len(body) - 8) // 8 * 8])
            ]
    return []


def _parse_blocks(data: bytes, count: int) -> list[ReportBlock]:
    blocks = []
    for index in range(min(count, len(data) // _BLOCK.size)):
        ssrc, lost, highest, jitter, last_report, delay = _BLOCK.unpack_from(data, index * _BLOCK.size)
        packets_lost = (lost & 0xFFFFFF) - ((lost & 0x800000) << 1)
        blocks.append(ReportBlock(ssrc, lost >> 24, packets_lost, highest, jitter, last_report, delay))
    return blocks


def _parse_echoes(blocks: bytes) -> list[ReferenceTimeEcho]:
    echoes: list[ReferenceTimeEcho] = []
    at = 0
    while at + _BLOCK_HEAD.size <= len(blocks):
        kind, _, words = _BLOCK_HEAD.unpack_from(blocks, at)
        at += _BLOCK_HEAD.size
        body = blocks[at : at + 4 * words]
        at += 4 * words
        if kind == _ECHOES:
            echoes += [ReferenceTimeEcho(*echo) for echo in _ECHO.iter_unpack(body[: len(body) // 12 * 12])]
    return echoes


def _parse_nack_items(data: bytes) -> tuple[int, ...]:
    sequences: list[int] = []
    for first, mask in struct.iter_unpack("!HH", data[: len(data) & ~3]):
        sequences.append(first)
        sequences += [(first + 1 + bit) & 0xFFFF for bit in range(_HISTORY_BITS) if mask >> bit & 1]
        if len(sequences) >= MAX_NACKED:
            break
    return tuple(sequences[:MAX_NACKED])


def _member(kind: int, count: int, body: bytes) -> bytes:
    return _HEAD.pack(0x80 | count, kind, len(body) // 4) + body


def _print_block(block: ReportBlock) -> bytes:
    lost = max(-0x800000, min(block.packets_lost, 0x7FFFFF)) & 0xFFFFFF
    return _BLOCK.pack(
        block.ssrc,
        block.fraction_lost << 24 | lost,
        block.highest_sequence & 0xFFFFFFFF,
        block.jitter & 0xFFFFFFFF,
        block.last_report,
        block.delay & 0xFFFFFFFF,
    )


def print_sender_report(report: SenderReport) -> bytes:
    """A sender report without report blocks; counts wrap at 32 bits."""
    info = _SENDER_INFO.pack(
        report.ssrc, report.ntp, report.rtp_timestamp, report.packets & 0xFFFFFFFF, report.octets & 0xFFFFFFFF
    )
    return _member(SENDER_REPORT, 0, info)


def print_receiver_report(ssrc: int, blocks: Sequence[ReportBlock]) -> bytes:
    """A receiver report with at most 31 blocks."""
    return _member(RECEIVER_REPORT, len(blocks), struct.pack("!I", ssrc) + b"".join(map(_print_block, blocks)))


def print_reference_time(ssrc: int, ntp: int) -> bytes:
    """A receiver's clock for a sender to answer: how one that sends no media learns the round trip (RFC 3611 4.4)."""
    return _member(EXTENDED_REPORT, 0, struct.pack("!IBBHQ", ssrc, _REFERENCE_TIME, 0, 2, ntp))


def print_cname(ssrc: int, cname: bytes) -> bytes:
    """A source description with the canonical name, at most 255 bytes (RFC 3550 6.5)."""
    chunk = struct.pack("!IBB", ssrc, _CNAME, len(cname)) + cname + b"\0"
    return _member(DESCRIPTION, 1, chunk + bytes(-len(chunk) % 4))


def print_goodbye(ssrcs: Sequence[int]) -> bytes:
    """The sources leave; at most 31."""
    return _member(GOODBYE, len(ssrcs), struct.pack(f"!{len(ssrcs)}I", *ssrcs))


def print_pli(ssrc: int, media_ssrc: int) -> bytes:
    """A picture loss indication (RFC 4585 6.3.1)."""
    return _member(PAYLOAD_FEEDBACK, PLI, struct.pack("!II", ssrc, media_ssrc))


def print_nack(ssrc: int, media_ssrc: int, sequences: Sequence[int]) -> bytes:
    """A generic NACK (RFC 4585 6.2.1).

    The sequence numbers are unwrapped and ascend.
    """
    items: list[tuple[int, int]] = []
    for sequence in sequences:
        ahead = sequence - items[-1][0] if items else 0
        if 0 < ahead <= _HISTORY_BITS:
            first, mask = items[-1]
            items[-1] = (first, mask | 1 << (ahead - 1))
        else:
            items.append((sequence, 0))
    body = b"".join(struct.pack("!HH", first & 0xFFFF, mask) for first, mask in items)
    return _member(TRANSPORT_FEEDBACK, NACK, struct.pack("!II", ssrc, media_ssrc) + body)
