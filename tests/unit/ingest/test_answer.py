from itertools import count

import pytest
from aiortc.sdp import SessionDescription

from ingest.answer import LocalSide, opens_dtls, write_answer
from ingest.negotiation import SentTrack, agree_to_publish, agree_to_view
from ingest.offer import IceCredentials, Purpose, Setup, read_offer
from support.offers import OFFER, VIEWER_OFFER, offer_of
from transcoder.access_unit import Codec

LOCAL = LocalSide(IceCredentials("ufrag", "p" * 22), "AB:CD", ["192.0.2.1", "2001:db8::1"], 8189, 2500)


def to_publisher(text: str) -> str:
    offer = read_offer(text, Purpose.PUBLISH)
    return write_answer(offer, agree_to_publish(offer), Purpose.PUBLISH, LOCAL, "film")


def to_viewer(text: str, *sent: SentTrack) -> str:
    offer = read_offer(text, Purpose.VIEW)
    numbers = count(1000)
    return write_answer(offer, agree_to_view(offer, sent, lambda: next(numbers)), Purpose.VIEW, LOCAL, "film")


def test_a_publisher_is_answered_line_by_line() -> None:
    assert to_publisher(OFFER).splitlines() == [
        "v=0",
        "o=- 1 1 IN IP4 0.0.0.0",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE v a",
        "a=ice-lite",
        "a=ice-options:trickle ice2",
        "a=msid-semantic:WMS *",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=mid:v",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        "a=rtpmap:96 H264/90000",
        "a=fmtp:96 packetization-mode=1;profile-level-id=42e01f;x-google-start-bitrate=2500",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=ice-ufrag:ufrag",
        "a=ice-pwd:pppppppppppppppppppppp",
        "a=fingerprint:sha-256 AB:CD",
        "a=setup:passive",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host",
        "a=candidate:2 1 udp 2130706175 2001:db8::1 8189 typ host",
        "a=end-of-candidates",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=rtcp:9 IN IP4 0.0.0.0",
        "a=mid:a",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtcp-mux-only",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 stereo=1;sprop-stereo=1;useinbandfec=1",
        "a=ice-ufrag:ufrag",
        "a=ice-pwd:pppppppppppppppppppppp",
        "a=fingerprint:sha-256 AB:CD",
        "a=setup:passive",
    ]


@pytest.mark.parametrize(
    "client",
    ["aiortc-whip", "chromium-whip", "chromium-simulcast", "ffmpeg-whip", "firefox-whip", "gstreamer-whip", "obs-whip"],
)
def test_an_independent_parser_reads_the_answer_to_each_publisher(client: str) -> None:
    answer = SessionDescription.parse(to_publisher(offer_of(client)))
    offered = SessionDescription.parse(offer_of(client).replace(" vendor-attribute", ""))
    assert [media.kind for media in answer.media] == [media.kind for media in offered.media]
    assert [media.rtp.muxId for media in answer.media] == [media.rtp.muxId for media in offered.media]
    assert all(media.direction == "recvonly" and media.rtcp_mux for media in answer.media)
    assert [candidate.port for candidate in answer.media[0].ice_candidates] == [8189, 8189]


def test_the_start_bitrate_is_said_once_and_never_for_retransmissions_or_viewers() -> None:
    assert to_publisher(offer_of("chromium-whip")).count("x-google-start-bitrate") == 1
    assert "a=fmtp:120 max-fs=12288;max-fr=60;x-google-start-bitrate=2500" in to_publisher(offer_of("firefox-whip"))
    assert "x-google" not in to_viewer(VIEWER_OFFER, SentTrack(Codec.H264, "42E01F"), SentTrack(Codec.OPUS))


def test_a_codec_without_parameters_still_gets_the_start_bitrate() -> None:
    vp8 = OFFER.replace("H264", "VP8").replace("a=fmtp:96 packetization-mode=1;profile-level-id=42e01f\n", "")
    assert "a=fmtp:96 x-google-start-bitrate=2500\r\n" in to_publisher(vp8)


def test_a_viewers_codec_without_parameters_gets_none() -> None:
    vp8 = VIEWER_OFFER.replace("H264", "VP8").replace("a=fmtp:96 packetization-mode=1;profile-level-id=42e01f\n", "")
    assert "a=fmtp:96" not in to_viewer(vp8, SentTrack(Codec.VP8))


def test_congestion_feedback_is_agreed_with_its_extension_or_not_at_all() -> None:
    answer = to_publisher(offer_of("chromium-whip"))
    assert "a=rtcp-fb:102 transport-cc" in answer
    assert "a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01" in answer
    assert "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid" in answer
    without = to_publisher(OFFER.replace("a=rtcp-fb:96 nack\n", "a=rtcp-fb:96 transport-cc\n"))
    assert "transport-cc" not in without


def test_reduced_size_rtcp_is_agreed_where_it_is_offered() -> None:
    assert to_publisher(offer_of("firefox-whip")).count("a=rtcp-rsize") == 1


def test_we_open_dtls_only_for_a_passive_offer() -> None:
    assert [opens_dtls(setup) for setup in Setup] == [False, False, True]
    assert to_publisher(offer_of("ffmpeg-whip")).count("a=setup:active") == 2


def test_a_viewer_is_told_one_stream_with_its_sources() -> None:
    answer = to_viewer(VIEWER_OFFER, SentTrack(Codec.H264, "42E01F"), SentTrack(Codec.OPUS))
    assert answer.count("a=sendonly") == 2
    assert "a=msid:film video\r\na=ssrc-group:FID 1000 1001\r\n" in answer
    assert "a=ssrc:1001 cname:tandem\r\na=ssrc:1001 msid:film video\r\n" in answer
    assert "a=msid:film audio\r\na=ssrc:1002 cname:tandem\r\n" in answer


def test_media_that_is_not_sent_is_answered_inactive() -> None:
    answer = to_viewer(VIEWER_OFFER, SentTrack(Codec.H264, "42E01F"))
    audio = answer.partition("m=audio")[2]
    assert "a=inactive" in audio
    assert "a=rtpmap:111 opus/48000/2" in audio
    assert "ssrc" not in audio
    assert "a=group:BUNDLE v a" in answer


def test_a_section_that_was_off_stays_off() -> None:
    text = OFFER.replace("m=video 9", "m=video 0").replace("BUNDLE v a", "BUNDLE a")
    answer = to_publisher(text)
    video = answer.partition("m=video")[2].partition("m=audio")[0]
    assert video.split("\r\n")[:4] == [" 0 UDP/TLS/RTP/SAVPF 96 97", "c=IN IP4 0.0.0.0", "a=mid:v", "a=inactive"]
    assert "a=group:BUNDLE a\r\n" in answer
    assert "a=candidate" in answer.partition("m=audio")[2]
    assert "a=mid:v" not in to_publisher(text.replace("a=mid:v\n", ""))


def test_without_bundle_in_the_offer_there_is_none_in_the_answer() -> None:
    single = OFFER.partition("m=audio")[0].replace("a=group:BUNDLE v a\n", "")
    assert "BUNDLE" not in to_publisher(single)
