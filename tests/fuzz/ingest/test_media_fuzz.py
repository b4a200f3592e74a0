"""Whatever a peer sends: a value or the documented error, bounded memory, and the machine stays usable."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import rtcp
from ingest.depacketize import H264Depacketizer, Vp8Depacketizer
from ingest.forwarder import Forwarder
from ingest.packetize import packetize_h264, packetize_vp8, split_annex_b
from ingest.receiver import Receiver
from ingest.rtcp import parse_rtcp
from ingest.rtp import Malformed, RtpPacket, parse_rtp, print_rtp
from ingest.viewer import ViewerSession
from support.coded_media import video_units
from support.network_bytes import damaged
from support.rtp_loopback import MS, ManualClock, RecordingTransport, audio_plan, video_plan
from transcoder.access_unit import AccessUnit, Codec

BLOCK = rtcp.ReportBlock(0x11111111, 1, 2, 3, 4, 5, 6)
RTCP_PACKETS = (
    rtcp.print_sender_report(rtcp.SenderReport(0x11111111, 1 << 63, 3, 4, 5)) + rtcp.print_cname(1, b"name"),
    rtcp.print_receiver_report(1, [BLOCK, BLOCK]),
    rtcp.print_nack(1, 0x11111111, [1, 5, 100, 200]),
    rtcp.print_pli(1, 0x11111111) + rtcp.print_goodbye([0x11111111]),
)
H264_PAYLOADS = tuple(packetize_h264(bytes.fromhex("0000000167420a0000000168ce0000000165") + b"\x88" * 3000))
VP8_PAYLOADS = tuple(packetize_vp8(bytes.fromhex("5001009d012a4001f000") + bytes(3000)))
RTP_PACKETS = tuple(
    print_rtp(RtpPacket(pt, True, 10, 3000, ssrc, payload, {4: b"0", 5: b"\0\1"}))
    for pt, ssrc, payload in [
        (96, 0x11111111, H264_PAYLOADS[0]),
        (96, 0x11111111, H264_PAYLOADS[1]),
        (97, 0x22222222, b"\0\5" + H264_PAYLOADS[0]),
        (111, 0x33333333, b"sound"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(damaged(*RTP_PACKETS))
def test_rtp_parses_or_is_refused(data: bytes) -> None:
    try:
        packet = parse_rtp(data)
    except Malformed:
        return
    assert len(packet.payload) <= len(data)


@settings(max_examples=200, deadline=None)
@given(damaged(*RTCP_PACKETS))
def test_rtcp_parses_or_is_refused(data: bytes) -> None:
    try:
        messages = parse_rtcp(data)
    except Malformed:
        return
    assert len(messages) <= len(data)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(
            damaged(*H264_PAYLOADS, *VP8_PAYLOADS).filter(bool), st.integers(0, 2), st.booleans(), st.integers(0, 1)
        ),
        max_size=12,
    )
)
def test_payloads_become_pictures_or_are_refused(packets: list[tuple[bytes, int, bool, int]]) -> None:
    for machine in (H264Depacketizer(), Vp8Depacketizer()):
        fed = 0
        for payload, timestamp, marker, lost in packets:
            fed += len(payload) + 64
            try:
                frames = machine.push(RtpPacket(96, marker, 0, timestamp, 1, payload), lost)
            except Malformed:
                continue
            assert all(frame.payload and len(frame.payload) <= 10 * fed for frame in frames)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=4000), st.integers(20, 1150))
def test_any_bytes_are_packetised_within_the_size(data: bytes, size: int) -> None:
    for payloads in (packetize_h264(b"\0\0\1" + data, size), packetize_vp8(data, size)):
        assert all(0 < len(payload) <= size for payload in payloads)
    list(split_annex_b(data))


peer_packets = st.lists(
    st.tuples(damaged(*RTP_PACKETS, *RTCP_PACKETS), st.booleans(), st.integers(0, 700 * MS)), max_size=30
)


@settings(max_examples=100, deadline=None)
@given(peer_packets)
def test_a_receiver_survives_any_publisher(packets: list[tuple[bytes, bool, int]]) -> None:
    clock, transport = ManualClock(), RecordingTransport()
    units: list[AccessUnit] = []
    receiver = Receiver([video_plan(), audio_plan()], transport, clock, units.append)
    for data, is_rtp, passed_ns in packets:
        clock.now += passed_ns
        (receiver.on_rtp if is_rtp else receiver.on_rtcp)(data, clock.now)
        receiver.tick(clock.now)
        receiver.request_keyframe()
    receiver.stats()
    assert len(units) <= 2 * len(packets)
    assert len(transport.rtcp) <= 100 * (len(packets) + 1)
    for packet in transport.rtcp:
        parse_rtcp(packet)


@settings(max_examples=60, deadline=None)
@given(peer_packets)
def test_a_viewer_can_ask_for_no_more_than_its_budget(packets: list[tuple[bytes, bool, int]]) -> None:
    clock, transport = ManualClock(), RecordingTransport()
    wanted: list[int] = []
    viewer = ViewerSession([video_plan()], transport, clock, lambda: wanted.append(clock.now))
    forwarder = Forwarder()
    forwarder.add(viewer)
    for unit in video_units(Codec.H264)[:2]:
        forwarder.push(unit)
    for data, is_rtp, passed_ns in packets:
        clock.now += passed_ns
        (viewer.on_rtp if is_rtp else viewer.on_rtcp)(data, clock.now)
    viewer.stats()
    assert all(after - before >= 500 * MS for before, after in pairwise(wanted))
