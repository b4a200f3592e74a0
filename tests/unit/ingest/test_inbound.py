from dataclasses import replace
from typing import Any

from infra.clock import unix_ns_to_ntp
from ingest.clock import CaptureClock
from ingest.inbound import AUDIO_WAIT_NS, REORDER_WAIT_NS, SOURCE_SILENT_NS, START_NS, VIDEO_WAIT_NS, InboundTrack
from ingest.keyframes import INTERVAL_NS
from ingest.rtcp import SenderReport
from ingest.rtp import RtpPacket
from support.rtp_loopback import audio_plan, video_plan
from transcoder.access_unit import AccessUnit, Codec, Track

MS = 1_000_000
NOW = 1_700_000_000_000 * MS
KEY = b"\x10" + bytes.fromhex("5001009d012a4001f000")
DELTA = b"\x10\x31delta"
SSRC = 0x11111111


def clock() -> CaptureClock:
    return CaptureClock({Track.VIDEO: 90_000, Track.AUDIO: 48_000})


def video(**changes: Any) -> InboundTrack:
    return InboundTrack(replace(video_plan(Codec.VP8), **changes), clock())


def packet(sequence: int, payload: bytes = DELTA, *, ssrc: int = SSRC) -> RtpPacket:
    return RtpPacket(96, True, sequence & 0xFFFF, sequence * 3000, ssrc, payload)


def feed(track: InboundTrack, *packets: RtpPacket, now_ns: int = NOW) -> list[AccessUnit]:
    units = []
    for each in packets:
        track.on_packet(each, now_ns, repaired=False)
        units += track.access_units(now_ns)
    return units


def test_before_the_first_packet_there_is_nothing() -> None:
    track = video()
    assert track.ssrc == SSRC
    assert track.access_units(NOW) == []
    assert track.missing(NOW) == []
    assert track.report_block(NOW) is None
    track.want_keyframe()
    assert not track.keyframe_due(NOW)
    assert track.stats(NOW).packets == 0


def test_pictures_begin_with_a_keyframe() -> None:
    track = video()
    units = feed(track, packet(1), packet(2, KEY), packet(3))
    assert [(unit.key, unit.rtp_timestamp) for unit in units] == [(True, 6000), (False, 9000)]
    stats = track.stats(NOW)
    assert (stats.frames, stats.keyframes, stats.frames_dropped) == (2, 1, 1)
    assert (stats.width, stats.height) == (320, 240)


def test_a_first_picture_that_is_no_keyframe_is_answered_by_a_request() -> None:
    track = video()
    feed(track, packet(1))
    assert track.keyframe_due(NOW)
    assert not track.keyframe_due(NOW + 1)
    assert track.keyframe_due(NOW + INTERVAL_NS)
    assert track.stats(NOW).keyframe_requests == 2


def test_a_source_without_any_complete_picture_is_asked_for_a_keyframe_after_a_while() -> None:
    track = video()
    feed(track, RtpPacket(96, False, 1, 0, SSRC, KEY))
    assert not track.keyframe_due(NOW)
    assert track.keyframe_due(NOW + START_NS)


def test_a_sender_that_knows_no_picture_loss_is_not_asked() -> None:
    track = video(pli=False)
    feed(track, packet(1))
    assert not track.keyframe_due(NOW)


def test_a_wish_for_a_keyframe_is_for_video() -> None:
    track = video()
    feed(track, packet(1, KEY))
    track.want_keyframe()
    assert track.keyframe_due(NOW)
    sound = InboundTrack(replace(audio_plan(), pli=True), clock())
    feed(sound, packet(1, b"sound"))
    sound.want_keyframe()
    assert not sound.keyframe_due(NOW)


def test_after_a_loss_for_good_pictures_wait_for_a_keyframe() -> None:
    track = video()
    feed(track, packet(1, KEY), packet(2), packet(4))
    assert track.missing(NOW) == [packet(3).sequence + 65536]
    assert track.access_units(NOW + VIDEO_WAIT_NS) == []
    assert track.keyframe_due(NOW + VIDEO_WAIT_NS)
    assert [unit.key for unit in feed(track, packet(5), packet(6, KEY), packet(7))] == [True, False]


def test_a_repaired_packet_leaves_no_trace() -> None:
    track = video()
    feed(track, packet(1, KEY), packet(3))
    assert track.on_packet(packet(2), NOW, repaired=True)
    assert [unit.rtp_timestamp for unit in track.access_units(NOW)] == [6000, 9000]
    stats = track.stats(NOW)
    assert (stats.repaired, stats.packets, stats.lost) == (1, 2, 1)


def test_without_retransmission_video_waits_only_for_reordering() -> None:
    track = video(nack=False)
    feed(track, packet(1, KEY), packet(3, KEY))
    assert track.missing(NOW) == []
    assert len(track.access_units(NOW + REORDER_WAIT_NS)) == 1


def test_sound_waits_little_and_goes_on() -> None:
    track = InboundTrack(audio_plan(), clock())
    assert len(feed(track, packet(1, b"a"), packet(3, b"c"), packet(4, b"d"))) == 1
    assert [unit.payload for unit in track.access_units(NOW + AUDIO_WAIT_NS)] == [b"c", b"d"]
    assert not track.keyframe_due(NOW)


def test_malformed_payloads_are_losses() -> None:
    track = video()
    assert len(feed(track, packet(1, KEY), packet(2, b"\x10"), packet(3))) == 1
    assert track.keyframe_due(NOW)
    assert track.stats(NOW).refused == 1


def test_padding_is_no_part_of_a_picture() -> None:
    track = video()
    padded = [packet(1, KEY), packet(2, b""), packet(3), packet(4, b"")]
    assert [unit.rtp_timestamp for unit in feed(track, *padded)] == [3000, 9000]
    sound = InboundTrack(audio_plan(), clock())
    assert feed(sound, packet(1, b"")) == []


def test_a_loss_before_padding_breaks_the_picture_it_fell_into() -> None:
    first, middle, last = (KEY + bytes(50), b"\x00" + bytes(50), b"\x00" + bytes(50))
    track = video(nack=False)
    feed(track, packet(1, KEY))
    feed(track, RtpPacket(96, False, 2, 6000, SSRC, first), RtpPacket(96, False, 3, 6000, SSRC, middle))
    feed(track, RtpPacket(96, False, 5, 6000, SSRC, b""), RtpPacket(96, True, 6, 6000, SSRC, last))
    assert track.access_units(NOW + REORDER_WAIT_NS) == []
    assert track.keyframe_due(NOW + REORDER_WAIT_NS)


def test_duplicates_are_acknowledged_but_refused() -> None:
    track = video()
    feed(track, packet(1, KEY))
    assert track.on_packet(packet(1, KEY), NOW, repaired=False)
    assert track.on_packet(packet(1, KEY), NOW, repaired=True)  # a bandwidth probe
    stats = track.stats(NOW)
    assert (stats.refused, stats.repaired) == (1, 0)


def test_another_source_is_refused_until_the_current_one_is_silent() -> None:
    track = video()
    feed(track, packet(1, KEY))
    assert not track.on_packet(packet(900, KEY, ssrc=5), NOW + SOURCE_SILENT_NS - 1, repaired=False)
    assert track.on_packet(packet(901, KEY, ssrc=5), NOW + SOURCE_SILENT_NS, repaired=False)
    assert track.ssrc == 5
    assert len(track.access_units(NOW + SOURCE_SILENT_NS)) == 1
    assert track.stats(NOW).packets == 2


def test_a_retransmission_starts_no_source() -> None:
    track = video()
    assert not track.on_packet(packet(1, KEY), NOW, repaired=True)
    feed(track, packet(1, KEY))
    assert not track.on_packet(packet(20_000), NOW, repaired=True)


def test_after_a_goodbye_another_source_is_taken_at_once() -> None:
    track = video()
    feed(track, packet(1, KEY))
    track.on_goodbye((99,))
    assert not track.ended
    track.on_goodbye((99, SSRC))
    assert track.ended
    assert len(feed(track, packet(7, KEY, ssrc=5))) == 1
    assert not track.ended


def test_sequence_numbers_that_start_anew_are_believed_at_the_second_packet() -> None:
    track = video()
    feed(track, packet(1, KEY))
    assert feed(track, packet(30_000, KEY), packet(2)) != []  # a stray one changes nothing
    assert feed(track, packet(40_000, KEY)) == []
    assert len(feed(track, packet(40_001, KEY), packet(40_002))) == 2


def test_reports_of_the_current_source_date_the_pictures() -> None:
    track = video()
    report = SenderReport(SSRC, unix_ns_to_ntp(NOW), 3000, 0, 0)
    track.on_sender_report(report, NOW)
    feed(track, packet(1, KEY))
    track.on_sender_report(replace(report, ssrc=9), NOW)
    block = track.report_block(NOW)
    assert block is not None
    assert block.last_report == 0
    track.on_sender_report(report, NOW)
    block = track.report_block(NOW)
    assert block is not None
    assert block.last_report == unix_ns_to_ntp(NOW) >> 16 & 0xFFFFFFFF
    assert track._clock.facts().tracks[Track.VIDEO].has_sender_report


def test_rates_are_those_of_the_last_second() -> None:
    track = video()
    assert track.stats(NOW).frame_rate == 0
    for index in range(60):
        feed(track, packet(index, KEY), now_ns=NOW + index * 1000 * MS // 30)
    stats = track.stats(NOW + 2000 * MS)
    assert stats.frame_rate == 30
    assert stats.bitrate_bps == 60 * len(KEY) * 8 // 2
    assert track.stats(NOW + 2500 * MS).frame_rate == 30


def test_an_access_unit_knows_when_its_first_packet_came_and_its_last() -> None:
    track = video()
    pieces = [b"\x10" + KEY[1:], b"\x00middle", b"\x00end"]
    units = []
    for index, (sequence, at) in enumerate(((1, 0), (3, 2), (2, 5))):  # the middle one comes last
        marker = sequence == len(pieces)
        piece = RtpPacket(96, marker, sequence, 3000, SSRC, pieces[sequence - 1])
        track.on_packet(piece, NOW + at * MS, repaired=index == 2)
        units += track.access_units(NOW + at * MS)
    (unit,) = units
    assert (unit.first_arrival_ns, unit.arrival_ns) == (NOW, NOW + 5 * MS)
