from transcoder.boxes import box, descriptor, full_box


def test_a_box_counts_its_own_header() -> None:
    assert box(b"free", b"ab", b"c") == b"\0\0\0\x0bfreeabc"


def test_a_full_box_has_version_and_flags() -> None:
    assert full_box(b"vmhd", 1, 0x020003, b"!") == b"\0\0\0\x0dvmhd\x01\x02\x00\x03!"


def test_a_descriptor_has_the_long_form_of_its_length() -> None:
    assert descriptor(3, b"xyz") == b"\x03\x80\x80\x80\x03xyz"
