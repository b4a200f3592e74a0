"""Dumps ISO BMFF as a tree of text, one box a line, for golden files that a person can review."""

import struct
from collections.abc import Iterator

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf"}
_SUMMED_UP = {b"mdat"}


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Kind and contents of each box, in order; fails on anything that is not whole."""
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        assert 8 <= size <= len(data) - at, f"box {kind!r} of {size} bytes does not fit"
        yield kind, data[at + 8 : at + size]
        at += size


def whole_length(data: bytes | bytearray) -> int:
    """How many bytes at the beginning are whole boxes; what was cut off may follow."""
    at = 0
    while at + 8 <= len(data) and at + (size := int.from_bytes(data[at : at + 4], "big")) <= len(data):
        at += size
    return at


def find(data: bytes, *path: bytes) -> bytes:
    """Contents of the first box at a path of kinds."""
    for kind in path:
        data = next(contents for found, contents in boxes(data) if found == kind)
    return data


def dump(data: bytes, depth: int = 0) -> str:
    """The tree, indented; contents in hex, media only by its length."""
    lines = []
    for kind, contents in boxes(data):
        head = f"{'  ' * depth}{kind.decode('latin1')} {8 + len(contents)}"
        if kind in _CONTAINERS:
            lines += [head, dump(contents, depth + 1)]
        elif kind in _SUMMED_UP:
            lines.append(f"{head}: {len(contents)} bytes")
        else:
            lines.append(f"{head}: {contents.hex(' ', 4)}")
    return "\n".join(lines)
