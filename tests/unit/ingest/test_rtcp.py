import pytest
from aiortc import rtp as aiortc_rtp

from ingest import rtcp
from ingest.rtcp import Goodbye, KeyframeRequest, Nack, ReportBlock, SenderReport, parse_rtcp
from ingest.rtp import Malformed

BLOCK = ReportBlock(0xDEADBEEF, 25, -3, 0x1FFFF, 77, 0x12345678, 65536)


def test_reports_survive_printing_and_parsing() -> None:
    sender = SenderReport(1, 2**63 + 5, 3, 4, 5)
    data = rtcp.print_sender_report(sender) + rtcp.print_cname(1, b"abc") + rtcp.print_receiver_report(2, [BLOCK])
    assert parse_rtcp(data) == [sender, BLOCK]


def test_another_implementation_reads_what_we_print() -> None:
    data = (
        rtcp.print_receiver_report(2, [BLOCK])
        + rtcp.print_cname(2, b"abcd")
        + rtcp.print_pli(2, 3)
        + rtcp.print_nack(2, 3, [10, 11, 26, 27, 100])
        + rtcp.print_goodbye([2, 3])
    )
    report, names, pli, nack, bye = aiortc_rtp.RtcpPacket.parse(data)
    assert isinstance(report, aiortc_rtp.RtcpRrPacket)
    assert (report.reports[0].packets_lost, report.reports[0].dlsr) == (-3, 65536)
    assert isinstance(names, aiortc_rtp.RtcpSdesPacket)
    assert names.chunks[0].items == [(1, b"abcd")]
    assert isinstance(pli, aiortc_rtp.RtcpPsfbPacket)
    assert pli.media_ssrc == 3
    assert isinstance(nack, aiortc_rtp.RtcpRtpfbPacket)
    assert nack.lost == [10, 11, 26, 27, 100]
    assert isinstance(bye, aiortc_rtp.RtcpByePacket)
    assert bye.sources == [2, 3]


def test_we_read_what_another_implementation_prints() -> None:
    sender = aiortc_rtp.RtcpSrPacket(
        1,
        aiortc_rtp.RtcpSenderInfo(9, 8, 7, 6),
        [aiortc_rtp.RtcpReceiverInfo(5, 1, 2, 3, 4, 5, 6)],
    )
    fir = aiortc_rtp.RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=bytes([0, 0, 0, 7, 1, 0, 0, 0]))
    data = bytes(sender) + bytes(fir) + bytes(aiortc_rtp.RtcpByePacket([4]))
    assert parse_rtcp(data) == [
        SenderReport(1, 9, 8, 7, 6),
        ReportBlock(5, 1, 2, 3, 4, 5, 6),
        KeyframeRequest(7),
        Goodbye((4,)),
    ]


def test_a_nack_survives_the_wrap_of_the_sequence_number() -> None:
    data = rtcp.print_nack(1, 2, [65534, 65535, 65536, 65560])
    assert parse_rtcp(data) == [Nack(2, (65534, 65535, 0, 24))]


def test_a_nack_is_cut_at_its_limit() -> None:
    (nack,) = parse_rtcp(rtcp.print_nack(1, 2, list(range(0, 20 * rtcp.MAX_NACKED, 17))[:480]))
    assert isinstance(nack, Nack)
    assert len(nack.sequences) == 480
    (nack,) = parse_rtcp(rtcp.print_nack(1, 2, list(range(2000))))
    assert isinstance(nack, Nack)
    assert nack.sequences == tuple(range(rtcp.MAX_NACKED))


def test_what_we_do_not_act_on_is_skipped() -> None:
    twcc = b"\x8f\xcd\0\2" + bytes(8)
    other_feedback = b"\x82\xce\0\2" + bytes(8)
    short_sender = b"\x80\xc8\0\1" + bytes(4)
    application = b"\x80\xcc\0\0"
    data = twcc + other_feedback + short_sender + application + rtcp.print_pli(1, 2)
    assert parse_rtcp(data) == [KeyframeRequest(2)]


def test_padding_is_not_content() -> None:
    goodbye = bytes.fromhex("a1cb0002 00000007 00000004".replace(" ", ""))
    assert parse_rtcp(goodbye) == [Goodbye((7,))]


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\xc8\0",
        b"\x40\xc8\0\0",
        b"\x80\xc8\0\1",
        b"\xa0\xc9\0\0",
        b"\xa0\xc9\0\1\0\0\0\0",
        b"\xa0\xc9\0\1\0\0\0\5",
        bytes(rtcp.MAX_COMPOUND_BYTES + 1),
    ],
)
def test_what_cannot_be_divided_is_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        parse_rtcp(data)


def test_a_reference_time_is_printed_as_the_rfc_draws_it() -> None:
    assert rtcp.print_reference_time(1, 0x0102030405060708) == bytes.fromhex(
        "80cf0004 00000001 04000002 0102030405060708"
    )


def test_the_answers_to_reference_times_are_read_whatever_stands_between_them() -> None:
    echo = bytes.fromhex("05000006 00000007 00000008 00000009 0000000a 0000000b 0000000c")
    other = bytes.fromhex("04000002 0000000000000000")
    cut = bytes.fromhex("05000003 00000001 00000002")  # says three words and has two
    report = bytes.fromhex("80cf0011 00000001") + other + echo + other + cut + bytes(4)
    report = report[:2] + (len(report) // 4 - 1).to_bytes(2) + report[4:]
    assert parse_rtcp(report)[:2] == [rtcp.ReferenceTimeEcho(7, 8, 9), rtcp.ReferenceTimeEcho(10, 11, 12)]
    empty = bytes.fromhex("80cf0001 00000001")
    assert parse_rtcp(empty) == []
