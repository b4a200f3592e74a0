import pytest

from ingest.rtp import MAX_PACKET_BYTES, HeaderWriter, Malformed, RtpPacket, extension_block, parse_rtp, print_rtp

HEAD = bytes.fromhex("8060000a 00000014 0000001e".replace(" ", ""))


def test_a_packet_survives_printing_and_parsing() -> None:
    packet = RtpPacket(96, True, 65535, 2**32 - 1, 2**32 - 2, b"payload", {4: b"0", 5: b"\x12\x34"})
    assert parse_rtp(print_rtp(packet)) == packet


def test_a_packet_without_extensions_has_none() -> None:
    packet = RtpPacket(111, False, 10, 20, 30, b"x")
    assert print_rtp(packet)[0] == 0x80
    assert parse_rtp(print_rtp(packet)) == packet


def test_a_written_header_is_what_print_says() -> None:
    packet = RtpPacket(96, True, 10, 20, 30, b"", {4: b"video"})
    writer = HeaderWriter(96, 30, {4: b"video"})
    assert writer.header(10, 20, marker=True) == print_rtp(packet)
    assert parse_rtp(HeaderWriter(96, 30, {}).header(1, 2, marker=False)).marker is False


def test_padding_and_contributing_sources_are_not_payload() -> None:
    data = bytes([0xA2]) + HEAD[1:] + bytes(8) + b"abc" + b"\0\0\3"
    assert parse_rtp(data).payload == b"abc"


def test_a_probe_of_padding_alone_has_an_empty_payload() -> None:
    assert parse_rtp(bytes([0xA0]) + HEAD[1:] + bytes(9) + b"\x0a").payload == b""


def test_two_byte_extensions_are_read() -> None:
    block = bytes.fromhex("1000 0002 05021234 00 0400 00".replace(" ", ""))
    assert parse_rtp(bytes([0x90]) + HEAD[1:] + block + b"p").extensions == {5: b"\x12\x34", 4: b""}


@pytest.mark.parametrize(
    ("block", "values"),
    [
        ("bede0001 10ff0000", {1: b"\xff"}),
        ("bede0001 00001055", {1: b"\x55"}),  # padding before
        ("bede0001 f0ff10ff", {}),  # 15 stops the parsing
        ("bede0001 17ff0000", {}),  # value longer than the block
        ("12340001 10ff0000", {}),  # unknown profile
        ("bede0000", {}),
    ],
)
def test_odd_extensions_are_left_out(block: str, values: dict[int, bytes]) -> None:
    assert parse_rtp(bytes([0x90]) + HEAD[1:] + bytes.fromhex(block.replace(" ", "")) + b"p").extensions == values


@pytest.mark.parametrize(
    "data",
    [
        b"",
        HEAD[:11],
        HEAD + bytes(MAX_PACKET_BYTES),
        b"\x40" + HEAD[1:],  # version 1
        b"\x8f" + HEAD[1:],  # 15 sources, none there
        b"\x90" + HEAD[1:] + b"\xbe\xde",  # cut extension header
        b"\x90" + HEAD[1:] + b"\xbe\xde\0\5aaaa",  # cut extension
        b"\xa0" + HEAD[1:] + b"\0",  # no padding
        b"\xa0" + HEAD[1:] + b"\x09",  # more padding than packet
    ],
)
def test_malformed_packets_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_rtp(data)


def test_an_extension_block_is_whole_words() -> None:
    assert extension_block({}) == b""
    assert len(extension_block({1: b"abcd", 2: b"ef"})) % 4 == 0
