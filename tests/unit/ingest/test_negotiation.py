from itertools import count

import pytest

from ingest.errors import OfferUnservable, SdpMalformed
from ingest.negotiation import Agreement, SentTrack, agree_to_publish, agree_to_view, sent_track
from ingest.offer import Purpose, read_offer
from ingest.tracks import TrackPlan
from support.offers import OFFER, VIEWER_OFFER, offer_of
from transcoder.access_unit import Codec, Track

H264 = SentTrack(Codec.H264, "42E01F")
OPUS = SentTrack(Codec.OPUS)


def published(text: str) -> dict[Track, TrackPlan]:
    agreements = agree_to_publish(read_offer(text, Purpose.PUBLISH))
    return {agreement.plan.track: agreement.plan for agreement in agreements if agreement.plan}


def viewed(text: str, *sent: SentTrack) -> tuple[Agreement, ...]:
    numbers = count(1000)
    return agree_to_view(read_offer(text, Purpose.VIEW), sent, lambda: next(numbers))


def test_the_plan_of_a_publisher_says_what_was_agreed() -> None:
    assert published(OFFER)[Track.VIDEO] == TrackPlan(
        track=Track.VIDEO,
        mid="v",
        codec=Codec.H264,
        payload_type=96,
        clock_rate=90_000,
        rtx_payload_type=97,
        nack=True,
        pli=True,
    )
    assert published(OFFER)[Track.AUDIO].codec is Codec.OPUS


@pytest.mark.parametrize(
    ("client", "codec", "payload_type", "rtx", "transport_cc"),
    [
        ("chromium-whip", Codec.H264, 102, 103, True),
        ("chromium-simulcast", Codec.H264, 102, 103, True),
        ("firefox-whip", Codec.VP8, 120, 124, True),
        ("ffmpeg-whip", Codec.H264, 106, 105, False),
        ("gstreamer-whip", Codec.H264, 101, None, False),
        ("obs-whip", Codec.H264, 96, None, False),
        ("aiortc-whip", Codec.H264, 99, 100, False),
    ],
)
def test_h264_is_taken_where_it_is_offered_and_vp8_elsewhere(
    client: str, codec: Codec, payload_type: int, rtx: int | None, transport_cc: bool
) -> None:
    plan = published(offer_of(client))[Track.VIDEO]
    assert (plan.codec, plan.payload_type, plan.rtx_payload_type) == (codec, payload_type, rtx)
    assert plan.transport_cc is transport_cc


def test_announced_sources_are_in_the_plan_and_a_useless_rtx_source_is_not() -> None:
    text = OFFER.replace("a=mid:v", "a=mid:v\na=ssrc-group:FID 3 4")
    assert (published(text)[Track.VIDEO].ssrc, published(text)[Track.VIDEO].rtx_ssrc) == (3, 4)
    assert published(text.replace("apt=96", "apt=1"))[Track.VIDEO].rtx_ssrc is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("packetization-mode=1", "packetization-mode=0"),
        ("packetization-mode=1;", ""),
        ("profile-level-id=42e01f", "profile-level-id=f4001f"),
        ("profile-level-id=42e01f", "profile-level-id=42"),
        ("H264/90000", "H264/1000"),
        ("H264", "AV1"),
        ("opus", "PCMU"),
    ],
)
def test_a_section_without_a_usable_codec_refuses_the_whole_offer(old: str, new: str) -> None:
    with pytest.raises(OfferUnservable, match="must offer"):
        published(OFFER.replace(old, new))


@pytest.mark.parametrize("profile", ["42001f", "42c01f", "4d001f", "64001F", None])
def test_baseline_main_and_high_profiles_are_taken(profile: str | None) -> None:
    text = OFFER.replace(";profile-level-id=42e01f", f";profile-level-id={profile}" if profile else "")
    assert published(text)[Track.VIDEO].codec is Codec.H264


def test_the_same_payload_type_in_two_sections_is_refused() -> None:
    with pytest.raises(SdpMalformed, match="same payload type"):
        published(OFFER.replace("111", "96"))


def test_what_a_publisher_sends_is_known_from_its_agreements() -> None:
    agreements = agree_to_publish(read_offer(OFFER, Purpose.PUBLISH))
    assert [sent_track(agreement) for agreement in agreements] == [H264, OPUS]
    video_only = viewed(VIEWER_OFFER, H264)
    assert sent_track(video_only[1]) is None


def test_a_viewer_gets_our_sources_and_no_transport_feedback() -> None:
    video, audio = viewed(offer_of("chromium-whep"), H264, OPUS)
    assert video.plan
    assert audio.plan
    assert (video.plan.ssrc, video.plan.rtx_ssrc, audio.plan.ssrc, audio.plan.rtx_ssrc) == (1000, 1001, 1002, None)
    assert (video.plan.twcc_extension, video.plan.transport_cc, video.plan.nack) == (None, False, True)
    assert video.plan.mid_extension == 9


@pytest.mark.parametrize(
    ("sent", "payload_type"), [("42E01F", 108), ("42001F", 102), ("42E034", 108), ("4D0032", 116), ("64001F", 102)]
)
def test_a_viewer_gets_the_h264_entry_nearest_to_what_is_sent(sent: str, payload_type: int) -> None:
    video, _ = viewed(offer_of("chromium-whep"), SentTrack(Codec.H264, sent), OPUS)
    assert video.codec.payload_type == payload_type


def test_a_viewer_gets_vp8_when_that_is_sent() -> None:
    video, _ = viewed(offer_of("firefox-whep"), SentTrack(Codec.VP8), OPUS)
    assert (video.codec.payload_type, video.plan and video.plan.rtx_payload_type) == (120, 124)


def test_media_that_is_not_sent_is_agreed_to_flow_not_at_all() -> None:
    video, audio = viewed(VIEWER_OFFER, H264)
    assert video.plan
    assert audio.plan is None
    assert audio.codec.name == "OPUS"


def test_a_section_without_any_codec_is_refused() -> None:
    with pytest.raises(OfferUnservable, match="names no codec"):
        viewed(VIEWER_OFFER.replace("a=rtpmap:111", "a=x:111"), H264)


def test_a_viewer_that_cannot_take_what_is_sent_is_refused() -> None:
    with pytest.raises(OfferUnservable, match="the stream is VP8, which is not offered"):
        viewed(VIEWER_OFFER, SentTrack(Codec.VP8), OPUS)


def test_a_viewer_that_wants_nothing_of_what_is_sent_is_refused() -> None:
    audio_only = (
        VIEWER_OFFER.partition("m=video")[0].replace("v a", "a") + "m=audio" + VIEWER_OFFER.partition("m=audio")[2]
    )
    with pytest.raises(OfferUnservable, match="the stream has H264, and"):
        viewed(audio_only, H264)
    with pytest.raises(OfferUnservable, match="nothing"):
        viewed(VIEWER_OFFER)
