"""Pure: ISO base media boxes, read from bytes that somebody else wrote (ISO/IEC 14496-12 4.2)."""

import struct
from collections.abc import Iterator

from origin.errors import CmafRefused

MAX_BOX_BYTES = 16 << 20  # one part of 128 Mbit/s for a second; anything larger is not a part
MAX_BOXES = 256  # of one parent: a real moov has under 10 children
HEAD_BYTES = 8
LARGE_HEAD_BYTES = 16
_HEAD = struct.Struct(">I4s")
_LARGE = struct.Struct(">Q")
_FULL = struct.Struct(">I")


def type_name(box_type: bytes) -> str:
    """A box type as it may stand in a sentence."""
    return repr(box_type.decode("ascii", "backslashreplace"))


def read_head(data: bytes | bytearray | memoryview, offset: int = 0) -> tuple[bytes, int, int] | None:
    """The head of the box at an offset, as (type, length of the head, length of the whole box), both in bytes.

    Returns:
        None if the head itself is not there yet.

    Raises:
        CmafRefused: the length is none that this server takes.
    """
    if len(data) - offset < HEAD_BYTES:
        return None
    size, box_type = _HEAD.unpack_from(data, offset)
    head_bytes = HEAD_BYTES
    if size == 1:
        if len(data) - offset < LARGE_HEAD_BYTES:
            return None
        (size,) = _LARGE.unpack_from(data, offset + HEAD_BYTES)
        head_bytes = LARGE_HEAD_BYTES
    if not head_bytes <= size <= MAX_BOX_BYTES:
        raise CmafRefused(
            f"box {type_name(box_type)} of {size} bytes refused: allowed are {head_bytes} to {MAX_BOX_BYTES} bytes",
        )
    return box_type, head_bytes, size


def children(payload: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The boxes inside a box, as (type, payload).

    Raises:
        CmafRefused: they do not fill it exactly, or are too many.
    """
    offset = 0
    for _ in range(MAX_BOXES):
        if offset == len(payload):
            return
        head = read_head(payload, offset)
        if head is None or offset + head[2] > len(payload):
            raise CmafRefused("box refused: one of its boxes is longer than itself")
        box_type, head_bytes, size = head
        yield box_type, payload[offset + head_bytes : offset + size]
        offset += size
    raise CmafRefused(f"box refused: more than {MAX_BOXES} boxes inside it")


def find_all(payload: memoryview, box_type: bytes) -> list[memoryview]:
    """The payloads of all children of a type."""
    return [inner for kind, inner in children(payload) if kind == box_type]


def find(payload: memoryview, *path: bytes) -> memoryview:
    """The payload of the one box at a path of types below this payload.

    Raises:
        CmafRefused: there is none, or several.
    """
    for box_type in path:
        found = find_all(payload, box_type)
        if len(found) != 1:
            raise CmafRefused(f"{len(found)} boxes {type_name(box_type)} found where exactly one is allowed")
        payload = found[0]
    return payload


def unpack(fields: struct.Struct, payload: memoryview, offset: int, what: bytes) -> tuple[int, ...]:
    """Fields at an offset of a payload.

    Raises:
        CmafRefused: the payload is too short for them.
    """
    if len(payload) - offset < fields.size:
        raise CmafRefused(f"box {type_name(what)} of {len(payload)} bytes refused: it ends within its fields")
    return fields.unpack_from(payload, offset)


def full_box(payload: memoryview, what: bytes) -> tuple[int, int, memoryview]:
    """A full box's version, flags, and the rest of its payload (ISO/IEC 14496-12 4.2.2)."""
    (word,) = unpack(_FULL, payload, 0, what)
    return word >> 24, word & 0xFFFFFF, payload[_FULL.size :]
