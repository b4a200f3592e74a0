from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from infra.clock import ntp_to_unix_ns, unix_ns_to_ntp
from ingest.forwarder import Forwarder
from ingest.rtcp import (
    Goodbye,
    ReportBlock,
    SenderReport,
    parse_rtcp,
    print_nack,
    print_pli,
    print_receiver_report,
)
from ingest.rtp import RtpPacket, parse_rtp
from ingest.viewer import RING_PACKETS, RTX_BURST, ViewerSession
from support.coded_media import START_NS, opus_units, video_units
from support.rtp_loopback import MS, ManualClock, RecordingTransport, audio_plan, video_plan
from transcoder.access_unit import AccessUnit, Codec

VIDEO_SSRC, RTX_SSRC, AUDIO_SSRC = 0x11111111, 0x22222222, 0x33333333
UNITS = video_units(Codec.H264)
SOUND = opus_units()


class Watching:
    """One viewer of a forwarder, which may have been given access units before."""

    def __init__(self, *, room: int | None = None, before: Sequence[AccessUnit] = (), **changes: Any) -> None:
        self.clock = ManualClock(START_NS)
        self.transport = RecordingTransport(room)
        self.wanted = 0
        self.codecs: list[Codec] = []
        plans = [replace(video_plan(), **changes), audio_plan()]
        self.viewer = ViewerSession(plans, self.transport, self.clock, self._want, on_codec_changed=self.codecs.append)
        self.forwarder = Forwarder("watched")
        self.push(*before)
        self.forwarder.add(self.viewer)

    def _want(self) -> None:
        self.wanted += 1

    def push(self, *units: AccessUnit) -> None:
        for unit in units:
            self.clock.now = max(self.clock.now, unit.capture_ns)
            self.forwarder.push(unit)

    def packets(self, payload_type: int = 96) -> list[RtpPacket]:
        packets = [parse_rtp(header + payload) for header, payload in self.transport.rtp]
        return [packet for packet in packets if packet.payload_type == payload_type]

    def ask_again(self, *sequences: int) -> None:
        self.viewer.on_rtcp(print_nack(9, VIDEO_SSRC, sequences), self.clock.now)


def test_a_viewer_asks_for_a_keyframe_on_joining_and_starts_with_it() -> None:
    watching = Watching()
    assert watching.wanted == 1
    watching.push(*UNITS[1:20])
    assert watching.packets() == []
    assert watching.wanted == 2  # half a second later, once
    watching.push(*UNITS[30:32])
    packets = watching.packets()
    assert {packet.ssrc for packet in packets} == {VIDEO_SSRC}
    assert {packet.extensions[4] for packet in packets} == {b"0"}
    sequences = [packet.sequence for packet in packets]
    assert sequences == list(range(sequences[0], sequences[0] + len(packets)))
    assert sum(packet.marker for packet in packets) == 2
    assert packets[-1].timestamp - packets[0].timestamp == 3000


def pictures(packets: list[RtpPacket]) -> int:
    return sum(packet.marker for packet in packets)


def test_a_viewer_starts_with_the_keyframe_that_came_while_it_connected() -> None:
    watching = Watching(before=UNITS[:4])
    assert watching.wanted == 0
    assert pictures(watching.packets()) == 4
    watching.push(*UNITS[4:6])
    packets = watching.packets()
    assert pictures(packets) == 6
    assert packets[-1].timestamp - packets[0].timestamp == 5 * 3000
    assert [packet.sequence - packets[0].sequence for packet in packets] == list(range(len(packets)))


def test_a_keyframe_that_is_no_longer_young_is_asked_for_again() -> None:
    watching = Watching(before=UNITS[:10])
    assert watching.wanted == 1
    assert watching.packets() == []


def test_pictures_without_a_keyframe_before_them_are_not_begun_with() -> None:
    watching = Watching(before=UNITS[1:4])
    assert watching.wanted == 1
    assert watching.packets() == []


def test_what_a_publisher_with_another_codec_sent_before_is_no_beginning() -> None:
    watching = Watching(before=UNITS[:4], codec=Codec.VP8)  # VP8 was agreed on with the one that takes over
    assert watching.codecs == []
    assert watching.wanted == 1
    assert watching.packets() == []


def test_sound_needs_no_keyframe() -> None:
    watching = Watching()
    watching.push(*SOUND[:3])
    assert [packet.timestamp % 960 for packet in watching.packets(111)] == [
        watching.packets(111)[0].timestamp % 960
    ] * 3
    assert not any(packet.marker for packet in watching.packets(111))


def test_a_viewer_without_video_asks_for_no_keyframe() -> None:
    clock, transport = ManualClock(), RecordingTransport()
    wanted: list[int] = []
    viewer = ViewerSession([audio_plan()], transport, clock, lambda: wanted.append(1))
    viewer.join()
    forwarder = Forwarder()
    forwarder.add(viewer)
    forwarder.push(UNITS[0])
    viewer.on_rtcp(print_pli(9, VIDEO_SSRC), clock.now)
    assert wanted == []
    assert transport.rtp == []


def test_sender_reports_carry_the_capture_clock() -> None:
    watching = Watching()
    watching.push(*UNITS, *SOUND)
    reports = [
        message
        for packet in watching.transport.rtcp
        for message in parse_rtcp(packet)
        if isinstance(message, SenderReport)
    ]
    assert {report.ssrc for report in reports} == {VIDEO_SSRC, AUDIO_SSRC}
    assert len(reports) <= 6
    report = next(report for report in reports if report.ssrc == VIDEO_SSRC)
    packet = watching.packets()[-1]
    ticks = (packet.timestamp - report.rtp_timestamp + 2**31) % 2**32 - 2**31
    capture_ns = ntp_to_unix_ns(report.ntp) + ticks * 1_000_000_000 // 90_000
    assert abs(capture_ns - UNITS[-1].capture_ns) < MS
    assert reports[0].packets == sum(
        packet.timestamp == watching.packets()[0].timestamp for packet in watching.packets()
    )


def test_a_publishers_reconnect_is_unseen_in_the_timestamps() -> None:
    watching = Watching()
    watching.push(UNITS[0])
    back = replace(UNITS[30], rtp_timestamp=4_000_000_000, capture_ns=UNITS[0].capture_ns + 2000 * MS)
    watching.push(back)
    first, last = watching.packets()[0], watching.packets()[-1]
    assert (last.timestamp - first.timestamp) % 2**32 == 180_000


def test_missing_packets_are_sent_again_on_the_retransmission_stream() -> None:
    watching = Watching()
    watching.push(UNITS[0])
    original = watching.packets()[2]
    watching.ask_again(original.sequence)
    (again,) = watching.packets(97)
    assert (again.ssrc, again.timestamp, again.marker) == (RTX_SSRC, original.timestamp, original.marker)
    assert again.payload == original.sequence.to_bytes(2) + original.payload
    watching.ask_again(original.sequence - 20)
    stats = watching.viewer.stats()
    assert (stats.retransmitted, stats.not_retransmitted) == (1, 1)


def test_without_a_retransmission_stream_the_same_packet_is_sent_again() -> None:
    watching = Watching(rtx_payload_type=None, rtx_ssrc=None)
    watching.push(UNITS[0])
    original = watching.packets()[-1]
    watching.ask_again(original.sequence)
    assert watching.packets()[-1] == original
    assert original.marker


def test_what_fell_out_of_the_ring_is_gone() -> None:
    watching = Watching()
    watching.push(UNITS[0])
    first = watching.packets()[0].sequence
    while len(watching.packets()) <= RING_PACKETS:
        watching.push(*UNITS)
    watching.ask_again(first)
    assert watching.packets(97) == []


def test_retransmissions_are_bounded_by_a_budget_that_refills() -> None:
    watching = Watching()
    watching.push(UNITS[0])
    sequence = watching.packets()[0].sequence
    for _ in range(RTX_BURST + 50):
        watching.ask_again(sequence)
    assert len(watching.packets(97)) == RTX_BURST
    watching.clock.now += 10 * MS
    for _ in range(50):
        watching.ask_again(sequence)
    assert len(watching.packets(97)) == RTX_BURST + 10


def test_requests_for_strange_sources_are_ignored() -> None:
    watching = Watching()
    watching.push(UNITS[0])
    watching.viewer.on_rtcp(print_nack(9, 5, [watching.packets()[0].sequence]), watching.clock.now)
    watching.clock.now += 1000 * MS
    watching.viewer.on_rtcp(print_pli(9, 5), watching.clock.now)
    watching.viewer.on_rtcp(b"\0", watching.clock.now)
    watching.viewer.on_rtp(b"\0", watching.clock.now)
    assert watching.packets(97) == []
    assert watching.wanted == 1


def test_picture_losses_become_wishes_at_most_twice_a_second() -> None:
    watching = Watching()
    watching.push(UNITS[0])
    for _ in range(100):
        watching.clock.now += 10 * MS
        watching.viewer.on_rtcp(print_pli(9, VIDEO_SSRC), watching.clock.now)
    assert watching.wanted == 3


def test_receiver_reports_become_statistics() -> None:
    watching = Watching()
    watching.push(UNITS[0])
    now_ns = watching.clock.now
    sent = unix_ns_to_ntp(now_ns - 150 * MS) >> 16 & 0xFFFFFFFF
    block = ReportBlock(VIDEO_SSRC, 64, 3, 100, 0, sent, 65536 // 10)
    watching.viewer.on_rtcp(print_receiver_report(9, [block, replace(block, ssrc=4)]), now_ns)
    stats = watching.viewer.stats()
    assert stats.fraction_lost == 0.25
    assert stats.round_trip_ms is not None
    assert abs(stats.round_trip_ms - 50) < 1
    watching.viewer.on_rtcp(print_receiver_report(9, [replace(block, last_report=0, fraction_lost=0)]), now_ns)
    assert watching.viewer.stats().round_trip_ms == stats.round_trip_ms


def test_a_full_socket_loses_packets_which_are_counted() -> None:
    watching = Watching(room=3)
    watching.push(*UNITS[:2])
    stats = watching.viewer.stats()
    assert len(watching.packets()) == 3
    assert stats.packets_lost_here == stats.packets - 3
    assert stats.frames_lost_here == 2


def test_another_codec_is_told_once_and_not_sent() -> None:
    watching = Watching()
    watching.push(UNITS[0])
    count = len(watching.packets())
    watching.push(*video_units(Codec.VP8)[:3])
    assert watching.codecs == [Codec.VP8]
    assert len(watching.packets()) == count


def test_a_viewer_that_left_gets_nothing_more() -> None:
    watching = Watching()
    assert len(watching.forwarder) == 1
    watching.forwarder.remove(watching.viewer)
    watching.forwarder.remove(watching.viewer)
    watching.push(UNITS[0])
    assert watching.transport.rtp == []
    watching.viewer.say_goodbye()
    (goodbye,) = parse_rtcp(watching.transport.rtcp[-1])
    assert goodbye == Goodbye((VIDEO_SSRC, AUDIO_SSRC))
