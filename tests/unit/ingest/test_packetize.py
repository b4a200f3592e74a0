import pytest

from ingest.packetize import (
    MAX_PAYLOAD_BYTES,
    packetize,
    packetize_h264,
    packetize_vp8,
    split_annex_b,
    split_evenly,
)
from transcoder.access_unit import AccessUnit, Codec, Track

SPS, PPS, IDR = b"\x67" + b"s" * 10, b"\x68" + b"p" * 3, b"\x65" + bytes(range(1, 256)) * 20


def annex_b(*nals: bytes) -> bytes:
    return b"".join(b"\0\0\0\1" + nal for nal in nals)


def test_small_neighbours_share_a_packet_and_large_units_are_cut_evenly() -> None:
    payloads = packetize_h264(annex_b(SPS, PPS, IDR))
    assert payloads[0] == b"\x78\0\x0b" + SPS + b"\0\x04" + PPS
    sizes = {len(payload) for payload in payloads[1:-1]}
    assert len(sizes) == 1
    assert len(payloads[-1]) <= min(sizes) <= MAX_PAYLOAD_BYTES
    assert [payload[1] >> 6 for payload in payloads[1:]] == [2, 0, 0, 0, 1]
    assert {payload[0] for payload in payloads[1:]} == {0x7C}
    assert b"".join(payload[2:] for payload in payloads[1:]) == IDR[1:]


def test_a_lone_small_unit_is_sent_as_it_is() -> None:
    assert packetize_h264(annex_b(b"\x41abc")) == [b"\x41abc"]


def test_small_units_that_do_not_fit_together_do_not_share() -> None:
    nal = b"\x41" + b"a" * 700
    assert packetize_h264(annex_b(nal, nal)) == [nal, nal]


def test_small_units_before_a_large_one_are_sent_first() -> None:
    assert packetize_h264(annex_b(SPS, IDR))[0] == SPS


def test_annex_b_is_split_at_both_kinds_of_start_codes() -> None:
    data = b"\0\0\0\1\x67a\0\0\1\x68b\0\0\0\0\0\1\0\0\1\x65c"
    assert list(split_annex_b(data)) == [b"\x67a", b"\x68b", b"\x65c"]
    assert list(split_annex_b(b"no start code")) == []


def test_a_vp8_frame_begins_once() -> None:
    payloads = packetize_vp8(bytes(3000))
    assert [payload[0] for payload in payloads] == [0x10, 0, 0]
    assert sum(len(payload) - 1 for payload in payloads) == 3000
    assert packetize_vp8(b"") == []


@pytest.mark.parametrize("size", [0, 1, 1148, 1149, 1150, 5000])
def test_pieces_are_even(size: int) -> None:
    pieces = list(split_evenly(bytes(size), 1149))
    assert sum(map(len, pieces)) == size
    assert len({len(piece) for piece in pieces[:-1]}) <= 1
    assert all(len(piece) <= 1149 for piece in pieces)


@pytest.mark.parametrize(("codec", "count"), [(Codec.H264, 1), (Codec.VP8, 1), (Codec.OPUS, 1)])
def test_every_codec_has_payloads(codec: Codec, count: int) -> None:
    track = Track.AUDIO if codec is Codec.OPUS else Track.VIDEO
    unit = AccessUnit(track, codec, True, annex_b(b"\x65abc"), 0, 0, 0)
    assert len(packetize(unit)) == count
