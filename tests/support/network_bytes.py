"""Hostile bytes: random ones, and valid packets with a few bytes wrong."""

from hypothesis import strategies as st


def damaged(*valid: bytes) -> st.SearchStrategy[bytes]:
    """Any bytes, or one of the valid packets cut, extended and overwritten at places."""
    edits = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=6)

    def damage(packet: bytes, places: list[tuple[int, int]], end: int, tail: bytes) -> bytes:
        data = bytearray(packet[: len(packet) - end] if end < len(packet) else packet) + tail
        for at, value in places:
            if data:
                data[at % len(data)] = value
        return bytes(data)

    return st.one_of(
        st.binary(max_size=120),
        st.builds(damage, st.sampled_from(valid), edits, st.integers(0, 30), st.binary(max_size=8)),
    )
