import asyncio
from dataclasses import replace
from typing import Any

import pytest

from ingest import metrics
from ingest.congestion import INTERVAL_NS
from ingest.inbound import VIDEO_WAIT_NS
from ingest.packetize import packetize
from ingest.receiver import MAX_PACKETS_PER_S, Receiver
from ingest.rtcp import (
    KeyframeRequest,
    Nack,
    ReportBlock,
    SenderReport,
    parse_rtcp,
    print_goodbye,
    print_sender_report,
)
from ingest.rtp import RtpPacket, print_rtp
from support.coded_media import opus_units, video_units
from support.rtp_loopback import MS, ManualClock, RecordingTransport, audio_plan, video_plan
from support.twcc_decoder import read_feedback
from transcoder.access_unit import AccessUnit, Codec, Track

VIDEO_SSRC, RTX_SSRC, AUDIO_SSRC = 0x11111111, 0x22222222, 0x33333333
KEY = video_units(Codec.VP8)[0]


class Publisher:
    """Sends to a receiver by hand."""

    def __init__(self, **changes: Any) -> None:
        self.clock = ManualClock()
        self.transport = RecordingTransport()
        self.units: list[AccessUnit] = []
        self.byes = 0
        plans = [replace(video_plan(Codec.VP8), **changes), audio_plan()]
        self.receiver = Receiver(
            plans, self.transport, self.clock, self.units.append, on_bye=self._on_bye, stream="by hand"
        )
        self.number = 0

    def _on_bye(self) -> None:
        self.byes += 1

    def send(self, sequence: int, payload: bytes, **changes: Any) -> None:
        self.number += 1
        packet = RtpPacket(96, True, sequence, 3000 * sequence, VIDEO_SSRC, payload, {5: self.number.to_bytes(2)})
        self.receiver.on_rtp(print_rtp(replace(packet, **changes)), self.clock.now)

    def said(self, kind: type) -> list[object]:
        """Messages of a kind that were sent to the publisher since the last time."""
        messages = [message for packet in self.transport.rtcp for message in parse_rtcp(packet)]
        return [message for message in messages if isinstance(message, kind)]

    def feedback(self) -> list[dict[int, int]]:
        packets = [packet for packet in self.transport.rtcp if packet[:2] in (b"\x8f\xcd", b"\xaf\xcd")]
        return [read_feedback(packet).arrivals_us for packet in packets]


KEY_PAYLOAD = b"\x10" + bytes.fromhex("5001009d012a4001f000")
DELTA_PAYLOAD = b"\x10\x31delta"


def test_a_gap_is_asked_for_in_the_call_that_shows_it_and_a_retransmission_closes_it() -> None:
    publisher = Publisher()
    publisher.send(65535, KEY_PAYLOAD)
    publisher.send(1, DELTA_PAYLOAD)
    assert publisher.said(Nack) == [Nack(VIDEO_SSRC, (0,))]
    publisher.send(9, b"\0\0" + DELTA_PAYLOAD, payload_type=97, ssrc=RTX_SSRC, timestamp=0)
    assert [unit.key for unit in publisher.units] == [True, False, False]
    assert publisher.receiver.stats().tracks[0].repaired == 1


def test_a_request_without_an_answer_is_repeated_by_the_clock_and_ends_in_a_keyframe_request() -> None:
    publisher = Publisher()
    publisher.send(1, KEY_PAYLOAD)
    publisher.send(3, DELTA_PAYLOAD)
    for _ in range(50):
        publisher.clock.now += 15 * MS
        publisher.receiver.tick(publisher.clock.now)
    assert 5 <= len(publisher.said(Nack)) <= 1 + VIDEO_WAIT_NS // (40 * MS)
    assert publisher.said(KeyframeRequest)[0] == KeyframeRequest(VIDEO_SSRC)


def test_every_accepted_packet_is_acknowledged_and_no_dropped_one() -> None:
    publisher = Publisher()
    publisher.send(1, KEY_PAYLOAD)  # 1
    publisher.send(7, KEY_PAYLOAD, ssrc=99)  # 2: a layer nobody asked for
    publisher.send(1, b"sound", payload_type=111, ssrc=AUDIO_SSRC)  # 3
    publisher.send(4, b"", payload_type=97, ssrc=RTX_SSRC)  # 4: a probe
    publisher.send(5, b"x", payload_type=50)  # 5: of no track
    publisher.send(2, DELTA_PAYLOAD)  # 6
    publisher.receiver.on_rtp(print_rtp(RtpPacket(96, True, 3, 0, VIDEO_SSRC, b"\x10\x31", {5: b"\1"})), 0)
    publisher.receiver.tick(publisher.clock.now + INTERVAL_NS)
    (report,) = publisher.feedback()
    assert sorted(report) == [1, 3, 4, 6]
    publisher.receiver.tick(publisher.clock.now + 2 * INTERVAL_NS)
    assert len(publisher.feedback()) == 1


def test_a_retransmission_before_any_original_is_not_acknowledged() -> None:
    publisher = Publisher(ssrc=None)
    publisher.send(4, b"\0\1" + DELTA_PAYLOAD, payload_type=97, ssrc=RTX_SSRC)
    publisher.receiver.tick(publisher.clock.now)
    assert publisher.feedback() == []


def test_without_agreement_there_is_no_congestion_feedback() -> None:
    publisher = Publisher(transport_cc=False)
    publisher.send(1, KEY_PAYLOAD)
    publisher.receiver.tick(publisher.clock.now)
    assert publisher.feedback() == []


def test_reports_say_loss_and_answer_sender_reports() -> None:
    publisher = Publisher()
    publisher.send(1, KEY_PAYLOAD)
    publisher.send(1, b"sound", payload_type=111, ssrc=AUDIO_SSRC)
    report = print_sender_report(SenderReport(AUDIO_SSRC, 0x1111_2222_3333_4444, 960, 1, 5))
    publisher.receiver.on_rtcp(report, publisher.clock.now)
    publisher.send(5, DELTA_PAYLOAD)
    publisher.clock.now += 1000 * MS
    publisher.receiver.tick(publisher.clock.now)
    video, audio = publisher.said(ReportBlock)
    assert isinstance(video, ReportBlock)
    assert isinstance(audio, ReportBlock)
    assert (video.ssrc, video.packets_lost, video.last_report) == (VIDEO_SSRC, 3, 0)
    assert (audio.ssrc, audio.packets_lost, audio.last_report, audio.delay) == (AUDIO_SSRC, 0, 0x22223333, 65536)
    packets = metrics.RTP_PACKETS.labels("by hand", "video")._value.get()
    publisher.send(6, DELTA_PAYLOAD)
    publisher.clock.now += 1000 * MS
    publisher.receiver.tick(publisher.clock.now)
    assert metrics.RTP_PACKETS.labels("by hand", "video")._value.get() == packets + 1


def test_wishes_for_a_keyframe_are_one_request() -> None:
    publisher = Publisher()
    publisher.receiver.request_keyframe()
    assert publisher.said(KeyframeRequest) == []
    publisher.send(1, KEY_PAYLOAD)
    for _ in range(20):
        publisher.receiver.request_keyframe()
    assert len(publisher.said(KeyframeRequest)) == 1


def test_a_goodbye_of_all_tracks_is_reported_once() -> None:
    publisher = Publisher()
    publisher.send(1, KEY_PAYLOAD)
    publisher.send(1, b"sound", payload_type=111, ssrc=AUDIO_SSRC)
    publisher.receiver.on_rtcp(print_goodbye([VIDEO_SSRC]), publisher.clock.now)
    assert publisher.byes == 0
    for _ in range(2):
        publisher.receiver.on_rtcp(print_goodbye([AUDIO_SSRC]), publisher.clock.now)
    assert publisher.byes == 1


def test_sections_that_share_a_payload_type_are_told_apart_by_mid_then_by_source() -> None:
    clock, units = ManualClock(), list[AccessUnit]()
    video = replace(video_plan(Codec.VP8), payload_type=100)
    audio = replace(audio_plan(), payload_type=100)
    receiver = Receiver([video, audio], RecordingTransport(), clock, units.append)
    for ssrc, extensions in [(7, {4: b"1"}), (VIDEO_SSRC, {}), (8, {4: b"9"})]:
        receiver.on_rtp(print_rtp(RtpPacket(100, True, 1, 0, ssrc, KEY_PAYLOAD, extensions)), clock.now)
    assert [unit.track for unit in units] == [Track.AUDIO, Track.VIDEO]
    assert receiver.stats().malformed == 1


def test_a_flood_is_cut_at_the_packet_rate() -> None:
    publisher = Publisher()
    for _ in range(MAX_PACKETS_PER_S):
        publisher.receiver.on_rtp(b"", publisher.clock.now)
    publisher.send(1, KEY_PAYLOAD)
    publisher.receiver.on_rtcp(b"", publisher.clock.now)
    assert publisher.units == []
    stats = publisher.receiver.stats()
    assert (stats.malformed, stats.over_limit) == (MAX_PACKETS_PER_S, 2)
    publisher.clock.now += 1000 * MS
    publisher.send(1, KEY_PAYLOAD)
    assert len(publisher.units) == 1


async def test_the_task_ticks_until_it_is_cancelled() -> None:
    publisher = Publisher()
    publisher.send(1, KEY_PAYLOAD)
    task = asyncio.create_task(publisher.receiver.run())
    await asyncio.sleep(0)
    assert publisher.feedback()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_real_pictures_and_sound_come_through_with_their_times() -> None:
    publisher = Publisher()
    publisher.clock.now = KEY.capture_ns
    payloads = packetize(KEY)
    for index, payload in enumerate(payloads):
        packet = RtpPacket(96, index == len(payloads) - 1, index, 77, VIDEO_SSRC, payload)
        publisher.receiver.on_rtp(print_rtp(packet), publisher.clock.now)
    sound = opus_units(1)[0]
    publisher.send(1, sound.payload, payload_type=111, ssrc=AUDIO_SSRC, timestamp=55)
    video, audio = publisher.units
    assert (video.payload, video.key, video.rtp_timestamp) == (KEY.payload, True, 77)
    assert (audio.payload, audio.track, audio.rtp_timestamp) == (sound.payload, Track.AUDIO, 55)
    assert video.capture_ns == audio.capture_ns == video.arrival_ns == KEY.capture_ns


def test_the_round_trip_to_the_publisher_is_what_its_answers_say() -> None:
    publisher = Publisher()
    publisher.send(1, KEY_PAYLOAD)
    publisher.receiver.tick(publisher.clock.now)
    (compound,) = [packet for packet in publisher.transport.rtcp if b"\xcf\x00\x04" in packet]
    ssrc, reference = compound[-16:-12], compound[-6:-2]
    publisher.clock.now += 140 * MS  # of which the publisher kept it for a tenth of a second
    for receiver, at in ((ssrc, reference), (bytes(4), reference), (ssrc, bytes(4))):
        echo = receiver + at + (6554).to_bytes(4)
        publisher.receiver.on_rtcp(bytes.fromhex("80cf0005 11111111 05000003") + echo, publisher.clock.now)
    assert publisher.receiver.stats().round_trip_ms == pytest.approx(40, abs=0.1)
