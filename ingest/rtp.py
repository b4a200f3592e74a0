"""Pure: RTP packets, parsed from hostile bytes and printed (RFC 3550 5.1), with header extensions (RFC 8285)."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

HEADER_BYTES = 12
MAX_PACKET_BYTES = 2048  # an Ethernet frame and some; what arrives in one datagram of a sane sender

_HEADER = struct.Struct("!BBHII")
_EXTENSION_HEADER = struct.Struct("!HH")
RTP_VERSION = 2
_ONE_BYTE_PROFILE = 0xBEDE  # RFC 8285 4.2
_TWO_BYTE_PROFILE = 0x1000  # RFC 8285 4.3, low 4 bits are free
_ONE_BYTE_END = 15  # the id that stops one-byte parsing
_NO_EXTENSIONS: Mapping[int, bytes] = MappingProxyType({})


class Malformed(ValueError):
    """Bytes from a peer that are not what they claim to be; the packet is dropped and counted."""


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet without its padding and contributing sources.

    Attributes:
        payload_type: 0 to 127.
        marker: the meaning is the payload format's; for video the last packet of a picture.
        sequence: 16 bits.
        timestamp: 32 bits, in the codec's clock rate.
        ssrc: 32 bits.
        payload: may be empty (padding used as a bandwidth probe).
        extensions: header extension values by id.
    """

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    extensions: Mapping[int, bytes] = field(default_factory=lambda: _NO_EXTENSIONS)


def parse_rtp(data: bytes) -> RtpPacket:
    """One RTP packet (RFC 3550 5.1).

    Raises:
        Malformed: too long or short, not version 2, or lengths that do not fit the packet.
    """
    size = len(data)
    if not HEADER_BYTES <= size <= MAX_PACKET_BYTES:
        raise Malformed(f"RTP packet of {size} bytes refused: allowed are {HEADER_BYTES} to {MAX_PACKET_BYTES}")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != RTP_VERSION:
        raise Malformed(f"RTP version {first >> 6} refused: only version 2 exists")
    start = HEADER_BYTES + 4 * (first & 0x0F)
    extensions = _NO_EXTENSIONS
    if first & 0x10:
        if size < start + _EXTENSION_HEADER.size:
            raise Malformed("RTP header extension refused: it begins behind the end of the packet")
        profile, words = _EXTENSION_HEADER.unpack_from(data, start)
        start += _EXTENSION_HEADER.size
        extensions = _parse_extensions(profile, data[start : start + 4 * words])
        start += 4 * words
    end = size - data[-1] if first & 0x20 else size
    if start > end or (first & 0x20 and end == size):
        raise Malformed("RTP packet refused: its header and padding are longer than the packet")
    return RtpPacket(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, data[start:end], extensions)


def _parse_extensions(profile: int, data: bytes) -> Mapping[int, bytes]:
    """Values by id. A value cut off by the end is left out, an unknown profile has none (RFC 8285 4.1.2: ignore)."""
    if profile == _ONE_BYTE_PROFILE:
        head_bytes = 1
    elif profile & 0xFFF0 == _TWO_BYTE_PROFILE:
        head_bytes = 2
    else:
        return _NO_EXTENSIONS
    values: dict[int, bytes] = {}
    at = 0
    while at + head_bytes <= len(data):
        if data[at] == 0:  # padding
            at += 1
            continue
        if head_bytes == 1:
            number, length = data[at] >> 4, (data[at] & 0x0F) + 1
            if number == _ONE_BYTE_END:
                break
        else:
            number, length = data[at], data[at + 1]
        at += head_bytes
        if at + length > len(data):
            break
        values[number] = data[at : at + length]
        at += length
    return values


def extension_block(values: Mapping[int, bytes]) -> bytes:
    """Header extensions in one-byte form, padded to 4 bytes, with their header; empty without values (RFC 8285 4.2).

    Args:
        values: 1 to 16 bytes for each id from 1 to 14.
    """
    if not values:
        return b""
    body = b"".join(bytes((number << 4 | len(value) - 1,)) + value for number, value in values.items())
    body += bytes(-len(body) % 4)
    return _EXTENSION_HEADER.pack(_ONE_BYTE_PROFILE, len(body) // 4) + body


def print_rtp(packet: RtpPacket) -> bytes:
    """The packet as bytes, extensions in one-byte form."""
    block = extension_block(packet.extensions)
    first = 0x90 if block else 0x80
    second = packet.payload_type | (0x80 if packet.marker else 0)
    return _HEADER.pack(first, second, packet.sequence, packet.timestamp, packet.ssrc) + block + packet.payload


class HeaderWriter:
    """Prints the headers of one outgoing stream; everything that stays the same is prepared once.

    Args:
        payload_type: 0 to 127.
        ssrc: 32 bits.
        extensions: as for `extension_block`, the same on every packet so that packets keep an even size.
    """

    __slots__ = ("_first", "_payload_type", "_tail")

    def __init__(self, payload_type: int, ssrc: int, extensions: Mapping[int, bytes]) -> None:
        block = extension_block(extensions)
        self._first = 0x90 if block else 0x80
        self._payload_type = payload_type
        self._tail = struct.pack("!I", ssrc) + block

    def header(self, sequence: int, timestamp: int, *, marker: bool) -> bytes:
        """One header: ``sequence`` 16 bits, ``timestamp`` 32 bits."""
        second = self._payload_type | 0x80 if marker else self._payload_type
        return struct.pack("!BBHI", self._first, second, sequence, timestamp) + self._tail
