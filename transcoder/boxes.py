"""Pure: ISO BMFF boxes (ISO/IEC 14496-12), as bytes."""

import struct

MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)  # unity (14496-12 8.2.2.2)
LANGUAGE_UND = 0x55C4  # "und", five bits a letter (14496-12 8.4.2.3)


def box(kind: bytes, *contents: bytes) -> bytes:
    """A box of a four-letter kind (14496-12 4.2)."""
    return struct.pack(">I4s", 8 + sum(map(len, contents)), kind) + b"".join(contents)


def full_box(kind: bytes, version: int, flags: int, *contents: bytes) -> bytes:
    """A box with version (8 bits) and flags (24 bits) (14496-12 4.2)."""
    return box(kind, struct.pack(">I", version << 24 | flags), *contents)


def descriptor(tag: int, *contents: bytes) -> bytes:
    """An MPEG-4 descriptor of less than 128 bytes, with the four-byte length that players expect (14496-1 8.3.3)."""
    body = b"".join(contents)
    return bytes([tag, 0x80, 0x80, 0x80, len(body)]) + body
