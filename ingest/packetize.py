"""Pure: access units to RTP payloads of even size: H.264 (RFC 6184 mode 1), VP8 (RFC 7741), Opus (RFC 7587).

Even sizes let the kernel cut one large write into datagrams (UDP GSO): all of a run have one size, the last may be
shorter. Sizes stay below what the least of common paths carries with IP, UDP, RTP, extensions and SRTP on top.
"""

import struct
from collections.abc import Iterator

from transcoder.access_unit import AccessUnit, Codec

MAX_PAYLOAD_BYTES = (
    1150  # 1280 (IPv6 minimum) - 48 IPv6/UDP - 12 RTP - 24 extension - 16 SRTP tag, minus RTX's 2 and some
)

_STAP_A, _FU_A = 24, 28
_FU_START, _FU_END = 0x80, 0x40
_FU_HEAD_BYTES = 2
_VP8_BEGINS = b"\x10"  # S set, no picture id: the simplest valid descriptor
_VP8_GOES_ON = b"\x00"


def packetize(unit: AccessUnit) -> list[bytes]:
    """The payloads of one access unit, in order; the marker belongs on the last one of a picture."""
    if unit.codec is Codec.H264:
        return packetize_h264(unit.payload)
    if unit.codec is Codec.VP8:
        return packetize_vp8(unit.payload)
    return [unit.payload]


def split_evenly(data: bytes, most: int) -> Iterator[bytes]:
    """Pieces of one size of at most ``most`` bytes, the last one perhaps shorter."""
    count = -(-len(data) // most)
    size = -(-len(data) // count) if count else 0
    for at in range(0, len(data), size or 1):
        yield data[at : at + size]


def packetize_vp8(frame: bytes, max_bytes: int = MAX_PAYLOAD_BYTES) -> list[bytes]:
    """One VP8 frame; empty for an empty frame."""
    pieces = split_evenly(frame, max_bytes - 1)
    return [(_VP8_GOES_ON if index else _VP8_BEGINS) + piece for index, piece in enumerate(pieces)]


def packetize_h264(annex_b: bytes, max_bytes: int = MAX_PAYLOAD_BYTES) -> list[bytes]:
    """One Annex B access unit: small neighbours share a packet (STAP-A), large NAL units are fragmented (FU-A)."""
    payloads: list[bytes] = []
    together: list[bytes] = []
    together_bytes = 1
    for nal in split_annex_b(annex_b):
        if together and together_bytes + 2 + len(nal) > max_bytes:
            payloads.append(_aggregate(together))
            together, together_bytes = [], 1
        if len(nal) <= max_bytes:
            together.append(nal)
            together_bytes += 2 + len(nal)
        else:
            payloads += _fragment(nal, max_bytes)
    if together:
        payloads.append(_aggregate(together))
    return payloads


def _aggregate(nals: list[bytes]) -> bytes:
    """A STAP-A of several NAL units, or the single one as it is; F and NRI are the highest of all (RFC 6184 5.7)."""
    if len(nals) == 1:
        return nals[0]
    head = _STAP_A | max(nal[0] & 0x60 for nal in nals) | max(nal[0] & 0x80 for nal in nals)
    return bytes((head,)) + b"".join(struct.pack("!H", len(nal)) + nal for nal in nals)


def _fragment(nal: bytes, max_bytes: int) -> Iterator[bytes]:
    """FU-A packets of one NAL unit (RFC 6184 5.8)."""
    indicator, kind = nal[0] & 0xE0 | _FU_A, nal[0] & 0x1F
    pieces = list(split_evenly(nal[1:], max_bytes - _FU_HEAD_BYTES))
    for index, piece in enumerate(pieces):
        flags = (_FU_START if index == 0 else 0) | (_FU_END if index == len(pieces) - 1 else 0)
        yield bytes((indicator, kind | flags)) + piece


def split_annex_b(data: bytes) -> Iterator[bytes]:
    """The NAL units between start codes of three or four bytes, without trailing zeros (ITU-T H.264 B.1.1)."""
    at = data.find(b"\0\0\1")
    while at >= 0:
        following = data.find(b"\0\0\1", at + 3)
        nal = data[at + 3 : following if following >= 0 else len(data)].rstrip(b"\0")
        if nal:
            yield nal
        at = following
