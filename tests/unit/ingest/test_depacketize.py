import pytest

from ingest.depacketize import (
    MAX_OPUS_BYTES,
    CodedFrame,
    H264Depacketizer,
    Vp8Depacketizer,
    begins_picture,
    depacketizer_of,
    exp_golomb,
    parse_vp8_payload,
)
from ingest.packetize import packetize_h264, packetize_vp8, split_annex_b
from ingest.rtp import Malformed, RtpPacket
from transcoder.access_unit import Codec

SPS = bytes.fromhex("6742c01eda0280f684000003000400000300f03c58ba80")
SPS_ONE = bytes.fromhex("6742c01e4a0280f6")  # id 1
SIZE = (640, 480)
PPS = bytes.fromhex("68ce3c80")
IDR = b"\x65\x88" + bytes(range(1, 200)) * 20
SLICE = b"\x41\x9a" + bytes(range(1, 200)) * 10
SECOND_SLICE = b"\x41\x42" + b"second"
KEY = bytes.fromhex("50 01 00 9d012a 4001f000".replace(" ", "")) + bytes(range(256)) * 10
DELTA = b"\x31" + bytes(range(256)) * 10


def annex_b(*nals: bytes) -> bytes:
    return b"".join(b"\0\0\0\1" + nal for nal in nals)


def packet(payload: bytes, timestamp: int, *, marker: bool = False) -> RtpPacket:
    return RtpPacket(96, marker, 0, timestamp, 1, payload)


def picture(payloads: list[bytes], timestamp: int, *, marker: bool = True) -> list[RtpPacket]:
    last = len(payloads) - 1
    return [packet(payload, timestamp, marker=marker and i == last) for i, payload in enumerate(payloads)]


def frames(machine: H264Depacketizer | Vp8Depacketizer, packets: list[RtpPacket]) -> list[CodedFrame]:
    return [frame for each in packets for frame in machine.push(each, 0)]


# H.264


def test_h264_survives_packets() -> None:
    machine = H264Depacketizer()
    key, delta = annex_b(SPS, PPS, IDR), annex_b(SLICE, SECOND_SLICE)
    found = frames(machine, picture(packetize_h264(key), 0) + picture(packetize_h264(delta), 3000))
    assert found == [CodedFrame(key, True, 0, SIZE), CodedFrame(delta, False, 3000)]


def test_h264_without_markers_is_complete_when_the_timestamp_changes() -> None:
    machine = H264Depacketizer()
    key, delta = annex_b(SPS, PPS, IDR), annex_b(SLICE)
    packets = picture(packetize_h264(key), 0, marker=False) + picture(packetize_h264(delta), 3000, marker=False)
    assert frames(machine, packets) == [CodedFrame(key, True, 0, SIZE)]
    assert machine.push(packet(SECOND_SLICE, 6000, marker=True), 0) == [
        CodedFrame(delta, False, 3000),
        CodedFrame(annex_b(SECOND_SLICE), False, 6000),
    ]


def test_parameter_sets_in_pictures_of_their_own_are_put_before_the_keyframe() -> None:
    machine = H264Depacketizer()
    found = frames(machine, [packet(SPS, 0, marker=True), packet(PPS, 0, marker=True)])
    assert found == []
    (found_key,) = frames(machine, picture(packetize_h264(annex_b(IDR)), 0))
    assert list(split_annex_b(found_key.payload)) == [SPS.rstrip(b"\0"), PPS, IDR]
    assert found_key.key


def test_a_changed_parameter_set_replaces_the_one_with_its_id() -> None:
    machine = H264Depacketizer()
    changed = SPS[:-1] + b"\x81"
    frames(machine, picture([SPS, SPS_ONE, PPS, changed], 0))
    (found,) = frames(machine, picture(packetize_h264(annex_b(PPS, IDR)), 3000))
    assert list(split_annex_b(found.payload)) == [changed, SPS_ONE, PPS, PPS, IDR]


def test_a_keyframe_that_nobody_can_decode_is_dropped() -> None:
    assert frames(H264Depacketizer(), picture(packetize_h264(annex_b(PPS, IDR)), 0)) == []


def test_the_number_of_remembered_parameter_sets_is_bounded() -> None:
    machine = H264Depacketizer()
    for number in range(30):
        bits = f"{number + 1:b}"
        word = int((bits.zfill(2 * len(bits) - 1)).ljust(16, "1"), 2).to_bytes(2)
        frames(machine, [packet(b"\x68" + word + b"\x80", 0, marker=True)])
    assert len(machine._parameter_sets) <= 8


def test_a_loss_inside_a_picture_drops_it_whole() -> None:
    machine = H264Depacketizer()
    packets = picture(packetize_h264(annex_b(SLICE)), 0)
    assert machine.push(packets[0], 0) == []
    assert machine.push(packets[1], 1) == []
    assert frames(machine, picture([SECOND_SLICE], 3000)) == [CodedFrame(annex_b(SECOND_SLICE), False, 3000)]


def test_after_a_loss_only_a_packet_that_begins_a_picture_starts_one() -> None:
    machine = H264Depacketizer()
    assert machine.push(packet(SECOND_SLICE, 0, marker=True), 1) == []
    assert machine.push(packet(b"\x41\x9aabc", 3000, marker=True), 1) != []
    (_, middle, end) = picture(packetize_h264(annex_b(IDR)), 6000)[:3]
    assert machine.push(middle, 1) == []
    assert machine.push(end, 0) == []


def test_a_fragment_whose_beginning_is_missing_breaks_the_picture_without_complaint() -> None:
    machine = H264Depacketizer()
    payloads = packetize_h264(annex_b(SLICE))
    assert frames(machine, picture(payloads[1:], 0)) == []


def test_a_unit_without_its_end_breaks_the_picture() -> None:
    machine = H264Depacketizer()
    payloads = packetize_h264(annex_b(SLICE))
    assert frames(machine, picture(payloads[:1], 0)) == []


@pytest.mark.parametrize(
    "payloads",
    [
        [b"\x18"],  # empty STAP-A
        [b"\x18\0\5abc"],
        [b"\x18\0\0"],
        [b"\x18\0\2\x00a"],  # NAL unit type 0
        [b"\x19abc"],  # STAP-B
        [b"\x1c\x85"],  # empty FU-A
        [b"\x7c\x85abc", b"\x7c\x85abc"],  # begins twice
        [b"\x7c\x85abc", b"\x41abc"],  # single NAL unit inside a fragmented one
        [b"\x7c\xc0abc"],  # fragment of type 0
    ],
)
def test_malformed_h264_is_refused_and_the_next_picture_comes(payloads: list[bytes]) -> None:
    machine = H264Depacketizer()
    with pytest.raises(Malformed):
        frames(machine, picture(payloads, 0))
    assert frames(machine, picture([b"\x41\x9aabc"], 3000)) == [CodedFrame(annex_b(b"\x41\x9aabc"), False, 3000)]


@pytest.mark.parametrize("kind", ["fragments", "units"])
def test_an_endless_picture_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.depacketize.MAX_PICTURE_BYTES", 10_000)
    machine = H264Depacketizer()
    machine.push(packet(b"\x7c\x81" + bytes(1000), 0) if kind == "fragments" else packet(b"\x41\x9a", 0), 0)
    more = packet((b"\x7c\x01" if kind == "fragments" else b"\x41") + bytes(1000), 0)
    for _ in range(8):
        machine.push(more, 0)
    with pytest.raises(Malformed):
        frames(machine, [more, more])


def test_where_h264_pictures_begin() -> None:
    assert begins_picture(b"\x09\xf0")
    assert begins_picture(b"\x18\0\2\x67a")
    assert begins_picture(b"\x7c\x85\x88")
    assert not begins_picture(b"\x7c\x05\x88")
    assert not begins_picture(b"\x7c\x85\x40")
    assert not begins_picture(b"\x7c\x85")
    assert not begins_picture(b"\x41\x42")
    assert not begins_picture(b"\x41")
    assert not begins_picture(b"\x18\0\2")
    assert not begins_picture(b"\x0c\xff")


def test_exp_golomb_numbers() -> None:
    assert [exp_golomb(bytes((byte,))) for byte in (0x80, 0x40, 0x60, 0x20)] == [0, 1, 2, 3]
    assert exp_golomb(b"") == -1


# VP8


def test_vp8_survives_packets() -> None:
    machine = Vp8Depacketizer()
    found = frames(machine, picture(packetize_vp8(KEY), 0) + picture(packetize_vp8(DELTA), 3000))
    assert found == [CodedFrame(KEY, True, 0, (320, 240)), CodedFrame(DELTA, False, 3000)]


def test_vp8_without_markers_is_complete_when_the_timestamp_changes() -> None:
    machine = Vp8Depacketizer()
    packets = picture(packetize_vp8(KEY), 0, marker=False) + picture(packetize_vp8(DELTA), 3000, marker=False)
    assert frames(machine, packets) == [CodedFrame(KEY, True, 0, (320, 240))]


def test_a_loss_inside_a_vp8_frame_drops_it() -> None:
    machine = Vp8Depacketizer()
    first, _, last = picture(packetize_vp8(DELTA), 0)
    assert machine.push(first, 0) == []
    assert machine.push(last, 1) == []
    assert frames(machine, picture(packetize_vp8(DELTA), 3000)) == [CodedFrame(DELTA, False, 3000)]


def test_a_loss_between_vp8_frames_breaks_the_unfinished_one_and_not_the_next() -> None:
    machine = Vp8Depacketizer()
    first, *_ = picture(packetize_vp8(DELTA), 0)
    begin, *rest = picture(packetize_vp8(DELTA), 3000)
    assert machine.push(first, 0) == []
    assert machine.push(begin, 2) == []
    assert frames(machine, rest) == [CodedFrame(DELTA, False, 3000)]


def test_a_vp8_frame_without_its_beginning_or_with_two_is_dropped() -> None:
    machine = Vp8Depacketizer()
    payloads = packetize_vp8(DELTA)
    assert frames(machine, picture(payloads[1:], 0)) == []
    assert frames(machine, picture([payloads[0], *payloads], 3000)) == []


def test_a_vp8_keyframe_without_its_start_code_is_dropped() -> None:
    assert frames(Vp8Depacketizer(), picture([b"\x10\x50\x01\x00abc"], 0)) == []
    assert frames(Vp8Depacketizer(), picture([b"\x10" + bytes(20)], 0)) == []


@pytest.mark.parametrize(
    ("payload", "begins", "data"),
    [
        ("10 aa", True, "aa"),
        ("00 aa", False, "aa"),
        ("11 aa", False, "aa"),  # partition 1 begins
        ("90 00 aa", True, "aa"),
        ("90 80 05 aa", True, "aa"),  # 7-bit picture id
        ("90 80 85 05 aa", True, "aa"),  # 15-bit
        ("90 e0 85 05 01 40 aa", True, "aa"),  # and layers
        ("90 10 01 aa", True, "aa"),  # key index
    ],
)
def test_vp8_descriptors(payload: str, begins: bool, data: str) -> None:
    assert parse_vp8_payload(bytes.fromhex(payload)) == (begins, bytes.fromhex(data))


@pytest.mark.parametrize("payload", ["10", "90", "9000", "9080", "9080 81", "90e0 0500", "90f0"])
def test_a_vp8_descriptor_without_content_is_refused(payload: str) -> None:
    machine = Vp8Depacketizer()
    with pytest.raises(Malformed):
        machine.push(packet(bytes.fromhex(payload), 0), 0)
    assert frames(machine, picture([b"\x00abc"], 0)) == []
    assert frames(machine, picture(packetize_vp8(DELTA), 3000)) == [CodedFrame(DELTA, False, 3000)]


# Opus


def test_an_opus_packet_is_a_frame() -> None:
    machine = depacketizer_of(Codec.OPUS)
    assert machine.push(packet(b"sound", 960), 3) == [CodedFrame(b"sound", True, 960)]
    with pytest.raises(Malformed):
        machine.push(packet(bytes(MAX_OPUS_BYTES + 1), 960), 0)


def test_each_codec_has_its_own() -> None:
    assert isinstance(depacketizer_of(Codec.H264), H264Depacketizer)
    assert isinstance(depacketizer_of(Codec.VP8), Vp8Depacketizer)
