from fractions import Fraction

import av
import pytest

from ingest.packetize import split_annex_b
from ingest.sps import picture_size


def sps_of(width: int, height: int, pixels: str, *parameters: str) -> bytes:
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixels
    encoder.time_base = Fraction(1, 30)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": ":".join(parameters)}
    packets = encoder.encode(av.VideoFrame(width, height, pixels)) + encoder.encode(None)
    return next(nal for nal in split_annex_b(bytes(packets[0])) if nal[0] & 31 == 7)


@pytest.mark.parametrize(("width", "height"), [(16, 16), (320, 180), (638, 362), (1280, 720), (1920, 1080)])
def test_the_size_is_what_the_encoder_was_given(width: int, height: int) -> None:
    assert picture_size(sps_of(width, height, "yuv420p")) == (width, height)


@pytest.mark.parametrize(
    ("pixels", "parameters"),
    [
        ("yuv422p", []),
        ("yuv444p", ["8x8dct=1"]),
        ("yuv420p", ["cqm=jvt"]),
        ("yuv420p", ["8x8dct=1", "bframes=2"]),
        ("yuv420p", ["interlaced=1"]),
    ],
)
def test_the_size_is_right_in_the_high_profiles(pixels: str, parameters: list[str]) -> None:
    assert picture_size(sps_of(318, 196, pixels, *parameters)) == (318, 196)


def bits(text: str, profile: int = 66) -> bytes:
    text = text.replace(" ", "")
    text += "0" * (-len(text) % 8)
    return bytes([0x67, profile, 0, 30]) + int(text, 2).to_bytes(len(text) // 8)


def test_order_count_type_1_is_skipped() -> None:
    # id 0, frame_num 0, type 1, flag, se 0, se -1, 2 cycles, refs 0, gaps, 2x2 macroblocks, frames only, no crop
    assert picture_size(bits("1 1 010 0 1 011 011 1 010 1 0 010 010 1 1 0 1")) == (32, 32)


def test_order_count_type_2_has_nothing_to_skip() -> None:
    assert picture_size(bits("1 1 011 1 0 1 1 1 1 0 1")) == (16, 16)


def test_separate_planes_are_cropped_by_single_pixels() -> None:
    # id 0, 4:4:4, separate, depths 0, bypass, no lists, frame_num, type 2, refs, gaps, 1x1, frames only, 8x8,
    # crop 1 right
    assert picture_size(bits("1 00100 1 1 1 0 0 1 011 1 0 1 1 1 1 1 1 010 1 1", 244)) == (15, 16)


def test_scaling_lists_are_skipped() -> None:
    default, flat4, flat8 = "1 000010001", "1" + "1" * 16, "1" + "1" * 64
    for chroma, more in [("010", ""), ("00100 0", "0000")]:
        lists = f"1 {default} {flat4} 0000 {flat8} 0 {more}"
        assert picture_size(bits(f"1 {chroma} 1 1 0 {lists} 1 011 1 0 1 1 1 1 0 1", 100)) == (16, 16)


def test_nonsense_has_no_size() -> None:
    assert picture_size(b"") is None
    assert picture_size(b"\x67") is None
    assert picture_size(b"\x67\x42\x00\x1e" + bytes(20)) is None
    assert picture_size(b"\x67" + b"\xff" * 600) is None
    assert picture_size(bits("1 1 011 1 0 1 1 1 1 1 1 00010 1 1 1 1")) is None  # cropped to nothing
