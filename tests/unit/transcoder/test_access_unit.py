import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.access_unit import AccessUnit, AccessUnitReader, Codec, Track, frame_access_unit

UNITS = st.builds(
    AccessUnit,
    track=st.sampled_from(Track),
    codec=st.sampled_from(Codec),
    key=st.booleans(),
    payload=st.binary(max_size=200),
    rtp_timestamp=st.integers(0, 2**32 - 1),
    capture_ns=st.integers(-(2**63), 2**63 - 1),
    arrival_ns=st.integers(-(2**63), 2**63 - 1),
    first_arrival_ns=st.integers(-(2**63), 2**63 - 1),
)


@given(st.lists(UNITS, max_size=8), st.integers(1, 50))
def test_units_come_out_as_they_went_in_however_the_bytes_are_split(units: list[AccessUnit], step: int) -> None:
    stream = b"".join(frame_access_unit(unit) for unit in units)
    reader = AccessUnitReader()
    out = [unit for at in range(0, len(stream), step) for unit in reader.feed(stream[at : at + step])]
    assert out == units


@pytest.mark.parametrize("length", [0, 10, 2**32 - 1])
def test_a_length_that_cannot_be_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="refused"):
        list(AccessUnitReader().feed(struct.pack(">I", length) + bytes(40)))


@given(st.binary(max_size=300))
def test_any_bytes_give_units_or_the_documented_error(data: bytes) -> None:
    try:
        for unit in AccessUnitReader().feed(data):
            assert isinstance(unit, AccessUnit)
    except ValueError:
        pass
