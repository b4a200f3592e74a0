import struct

import pytest

from origin.chunk_reader import MAX_SAMPLES, Samples, read_moof, read_picture, read_prft
from origin.errors import CmafRefused
from origin.iframes import Picture
from origin.init_reader import SampleDefaults
from support.cmaf_boxes import NOT_SYNC, SYNC, Sample, box, chunk, full, prft

NO_DEFAULTS = SampleDefaults(0, 0, 0)


def moof(tfdt: bytes, tfhd: bytes, *truns: bytes) -> memoryview:
    """A moof payload."""
    return memoryview(box(b"traf", tfhd, tfdt, *truns))


def tfdt(ticks: int = 0) -> bytes:
    return full(b"tfdt", 1, 0, struct.pack(">Q", ticks))


TFHD = full(b"tfhd", 0, 0x20000, struct.pack(">I", 1))


def test_samples_speak_for_themselves() -> None:
    data = chunk(9000, [Sample(b"abc", 3000, sync=False), Sample(b"de", 2999, sync=True)])
    size = struct.unpack_from(">I", data)[0]
    assert read_moof(memoryview(data)[8:size], NO_DEFAULTS) == Samples(9000, 5999, 2, 5, independent=True, leads=False)


def test_defaults_of_the_fragment_come_before_those_of_the_track() -> None:
    tfhd = full(b"tfhd", 0, 0x20000 | 0x2 | 0x8 | 0x10 | 0x20, struct.pack(">IIIII", 1, 1, 1024, 7, NOT_SYNC))
    trun = full(b"trun", 0, 0, struct.pack(">I", 3))
    assert read_moof(moof(tfdt(5), tfhd, trun), SampleDefaults(9, 9, SYNC)) == Samples(
        5, 3072, 3, 21, independent=False, leads=False
    )


def test_defaults_of_the_track_count_when_nothing_else_does() -> None:
    trun = full(b"trun", 0, 0x1, struct.pack(">Ii", 2, 0))
    assert read_moof(moof(tfdt(), TFHD, trun), SampleDefaults(10, 4, SYNC)) == Samples(
        0, 20, 2, 8, independent=True, leads=True
    )


def test_the_first_sample_may_have_flags_of_its_own() -> None:
    trun = full(b"trun", 0, 0x4, struct.pack(">II", 2, SYNC))
    assert read_moof(moof(tfdt(), TFHD, trun), SampleDefaults(10, 4, NOT_SYNC)).independent


def test_composition_offsets_are_passed_over() -> None:
    trun = full(b"trun", 0, 0x100 | 0x800, struct.pack(">IIIII", 2, 30, 1, 40, 2))
    assert read_moof(moof(tfdt(), TFHD, trun), NO_DEFAULTS).duration_ticks == 70


def test_runs_add_up() -> None:
    trun = full(b"trun", 0, 0, struct.pack(">I", 2))
    assert read_moof(moof(tfdt(), TFHD, trun, trun), SampleDefaults(10, 1, SYNC)).duration_ticks == 40


def test_a_32_bit_decode_time_is_read() -> None:
    short = full(b"tfdt", 0, 0, struct.pack(">I", 77))
    trun = full(b"trun", 0, 0, struct.pack(">I", 1))
    assert read_moof(moof(short, TFHD, trun), SampleDefaults(1, 1, 0)).start_ticks == 77


@pytest.mark.parametrize("truns", [[], [full(b"trun", 0, 0, bytes(4))]])
def test_a_chunk_without_samples_is_refused(truns: list[bytes]) -> None:
    with pytest.raises(CmafRefused, match="chunk of 0 samples refused"):
        read_moof(moof(tfdt(), TFHD, *truns), SampleDefaults(1, 1, 0))


def test_a_chunk_that_lasts_no_time_is_refused() -> None:
    with pytest.raises(CmafRefused, match="no time at all"):
        read_moof(moof(tfdt(), TFHD, full(b"trun", 0, 0, struct.pack(">I", 1))), NO_DEFAULTS)


def test_too_many_samples_are_refused_before_they_are_read() -> None:
    with pytest.raises(CmafRefused, match="at most 4096"):
        read_moof(moof(tfdt(), TFHD, full(b"trun", 0, 0x100, struct.pack(">I", 0xFFFFFFFF))), NO_DEFAULTS)


def test_runs_that_together_have_too_many_samples_are_refused() -> None:
    trun = full(b"trun", 0, 0, struct.pack(">I", MAX_SAMPLES))
    with pytest.raises(CmafRefused, match=f"chunk of {2 * MAX_SAMPLES} samples refused"):
        read_moof(moof(tfdt(), TFHD, trun, trun), SampleDefaults(1, 1, 0))


def test_a_table_that_is_cut_off_is_refused() -> None:
    with pytest.raises(CmafRefused, match="'trun' of 8 bytes refused"):
        read_moof(moof(tfdt(), TFHD, full(b"trun", 0, 0x100, struct.pack(">II", 2, 5))), NO_DEFAULTS)


def test_absolute_addresses_are_refused() -> None:
    tfhd = full(b"tfhd", 0, 0x1, struct.pack(">IQ", 1, 100))
    with pytest.raises(CmafRefused, match="from the start of its moof"):
        read_moof(moof(tfdt(), tfhd), NO_DEFAULTS)


def test_an_absurd_decode_time_is_refused() -> None:
    with pytest.raises(CmafRefused, match="decode time"):
        read_moof(moof(tfdt(1 << 63), TFHD), NO_DEFAULTS)


def test_two_tracks_in_a_chunk_are_refused() -> None:
    with pytest.raises(CmafRefused, match="2 boxes 'traf'"):
        read_moof(memoryview(box(b"traf") * 2), NO_DEFAULTS)


def test_a_producer_reference_time_is_read() -> None:
    assert read_prft(memoryview(prft(0))[8:]) == 2_208_988_800 << 32


def picture(trun: bytes, mdat: bytes, defaults: SampleDefaults = NO_DEFAULTS, tfhd: bytes = TFHD) -> Picture | None:
    """What is found in a fragment of one run."""
    return read_picture(box(b"moof", bytes(moof(tfdt(), tfhd, trun))), box(b"mdat", mdat), 8, defaults)


def test_the_first_sample_is_cut_out_when_it_can_be_decoded_alone() -> None:
    data = chunk(9000, [Sample(b"abc", 3000), Sample(b"de", 2999, sync=False)])
    size = struct.unpack_from(">I", data)[0]
    assert read_picture(data[:size], data[size:], 8, NO_DEFAULTS) == Picture(b"abc", 1, 0)
    late = chunk(9000, [Sample(b"abc", 3000, sync=False), Sample(b"de", 2999)])
    assert read_picture(late[:size], late[size:], 8, NO_DEFAULTS) is None


def test_a_sample_that_does_not_speak_for_itself_is_cut_by_the_defaults() -> None:
    trun = full(b"trun", 0, 0, struct.pack(">I", 2))
    assert picture(trun, b"abcdef", SampleDefaults(10, 3, SYNC)) == Picture(b"abc", 1, 0)
    tfhd = full(b"tfhd", 0, 0x20000 | 0x10 | 0x20, struct.pack(">III", 7, 2, SYNC))
    assert picture(trun, b"abcdef", SampleDefaults(10, 3, NOT_SYNC), tfhd) == Picture(b"ab", 7, 0)
    first = full(b"trun", 0, 0x4, struct.pack(">II", 2, SYNC))
    assert picture(first, b"abcdef", SampleDefaults(10, 3, NOT_SYNC)) == Picture(b"abc", 1, 0)


@pytest.mark.parametrize(("version", "offset", "expected"), [(0, 5, 5), (1, -5, -5)])
def test_a_composition_offset_is_signed_in_version_1(version: int, offset: int, expected: int) -> None:
    trun = full(b"trun", version, 0x800, struct.pack(">Ii", 1, offset))
    assert picture(trun, b"abc", SampleDefaults(10, 3, SYNC)) == Picture(b"abc", 1, expected)


@pytest.mark.parametrize(
    ("trun", "mdat"),
    [
        (full(b"trun", 0, 0x1, struct.pack(">Ii", 1, 0)), b"abc"),
        (full(b"trun", 0, 0x1, struct.pack(">Ii", 1, 1 << 20)), b"abc"),
        (full(b"trun", 0, 0, struct.pack(">I", 1)), b"ab"),
        (full(b"trun", 0, 0x200, struct.pack(">II", 1, 0)), b"abc"),
        (full(b"trun", 0, 0x800, struct.pack(">II", 1, 1 << 31)), b"abc"),
    ],
)
def test_a_sample_that_lies_elsewhere_is_left_where_it_is(trun: bytes, mdat: bytes) -> None:
    assert picture(trun, mdat, SampleDefaults(10, 3, SYNC)) is None
