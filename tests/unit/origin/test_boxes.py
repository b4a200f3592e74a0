import struct

import pytest

from origin.boxes import MAX_BOX_BYTES, MAX_BOXES, children, find, find_all, full_box, read_head, unpack
from origin.errors import CmafRefused
from support.cmaf_boxes import box, full


def test_a_head_says_type_and_lengths() -> None:
    assert read_head(box(b"free", b"abc")) == (b"free", 8, 11)


def test_a_large_size_has_a_longer_head() -> None:
    assert read_head(struct.pack(">I4sQ", 1, b"mdat", 100)) == (b"mdat", 16, 100)


@pytest.mark.parametrize("data", [b"", b"\0\0\0\x09fre", struct.pack(">I4sI", 1, b"mdat", 0)])
def test_a_head_that_is_not_there_yet_is_none(data: bytes) -> None:
    assert read_head(data) is None


@pytest.mark.parametrize("size", [0, 7, MAX_BOX_BYTES + 1])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(CmafRefused, match="allowed are 8 to"):
        read_head(struct.pack(">I4s", size, b"mdat"))


def test_a_large_size_below_its_own_head_is_refused() -> None:
    with pytest.raises(CmafRefused, match="allowed are 16 to"):
        read_head(struct.pack(">I4sQ", 1, b"mdat", 12))


def test_children_come_in_order() -> None:
    payload = memoryview(box(b"aaaa", b"1") + box(b"bbbb") + box(b"aaaa", b"2"))
    assert [(kind, bytes(inner)) for kind, inner in children(payload)] == [
        (b"aaaa", b"1"),
        (b"bbbb", b""),
        (b"aaaa", b"2"),
    ]
    assert [bytes(inner) for inner in find_all(payload, b"aaaa")] == [b"1", b"2"]


@pytest.mark.parametrize("rest", [b"\0", box(b"free", b"12345")[:-1]])
def test_children_that_overrun_their_parent_are_refused(rest: bytes) -> None:
    with pytest.raises(CmafRefused, match="longer than itself"):
        list(children(memoryview(box(b"free") + rest)))


def test_too_many_children_are_refused() -> None:
    with pytest.raises(CmafRefused, match="more than"):
        list(children(memoryview(box(b"free") * (MAX_BOXES + 1))))


def test_a_path_leads_to_one_box() -> None:
    payload = memoryview(box(b"trak", box(b"mdia", b"x")))
    assert bytes(find(payload, b"trak", b"mdia")) == b"x"


@pytest.mark.parametrize("count", [0, 2])
def test_a_path_that_is_missing_or_ambiguous_is_refused(count: int) -> None:
    with pytest.raises(CmafRefused, match=f"{count} boxes 'trak' found"):
        find(memoryview(box(b"trak") * count), b"trak")


def test_fields_that_are_cut_off_are_refused() -> None:
    with pytest.raises(CmafRefused, match="ends within its fields"):
        unpack(struct.Struct(">I"), memoryview(b"123"), 0, b"tfdt")


def test_a_full_box_has_version_and_flags() -> None:
    version, flags, rest = full_box(memoryview(full(b"tfhd", 1, 0x20000, b"rest"))[8:], b"tfhd")
    assert (version, flags, bytes(rest)) == (1, 0x20000, b"rest")
