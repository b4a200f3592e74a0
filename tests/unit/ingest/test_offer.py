import pytest

from ingest.errors import OfferUnservable, SdpMalformed
from ingest.offer import ClosedSection, IceCredentials, Purpose, Setup, read_offer
from support.offers import AUDIO, FINGERPRINT, HEAD, OFFER, TRANSPORT, VIDEO, VIEWER_OFFER, offer_of
from transcoder.access_unit import Track


def changed(old: str, new: str) -> str:
    assert old in OFFER
    return OFFER.replace(old, new)


def test_a_plain_offer_is_read() -> None:
    offer = read_offer(OFFER, Purpose.PUBLISH)
    assert offer.ice == IceCredentials("abcd", "abcdefghijklmnopqrstuv")
    assert (offer.setup, offer.fingerprint, offer.bundled) == (Setup.ACTPASS, FINGERPRINT, True)
    video, audio = offer.open_sections()
    assert (video.track, video.mid, audio.track, audio.mid) == (Track.VIDEO, "v", Track.AUDIO, "a")
    assert [codec.name for codec in video.codecs] == ["H264", "RTX"]
    assert video.codecs[0].parameters() == {"packetization-mode": "1", "profile-level-id": "42e01f"}
    assert video.codecs[0].feedback == {"nack", "nack pli"}
    assert audio.codecs[0].encoding == "opus/48000/2"
    assert (audio.codecs[0].format, audio.codecs[0].parameters()) == ("", {})


@pytest.mark.parametrize(
    "client",
    ["aiortc-whip", "chromium-whip", "chromium-simulcast", "ffmpeg-whip", "firefox-whip", "gstreamer-whip", "obs-whip"],
)
def test_every_known_publisher_is_understood(client: str) -> None:
    offer = read_offer(offer_of(client), Purpose.PUBLISH)
    assert {section.track for section in offer.open_sections()} == {Track.VIDEO, Track.AUDIO}


@pytest.mark.parametrize("client", ["aiortc-whep", "chromium-whep", "firefox-whep"])
def test_every_known_viewer_is_understood(client: str) -> None:
    offer = read_offer(offer_of(client), Purpose.VIEW)
    assert {section.track for section in offer.open_sections()} == {Track.VIDEO, Track.AUDIO}


def test_chromium_names_its_sources_and_its_low_payload_types() -> None:
    video = next(
        section
        for section in read_offer(offer_of("ffmpeg-whip"), Purpose.PUBLISH).open_sections()
        if section.track is Track.VIDEO
    )
    assert (video.ssrc, video.rtx_ssrc) == (4088372166, 4088372167)
    low = [
        codec.payload_type for codec in read_offer(offer_of("chromium-whip"), Purpose.PUBLISH).open_sections()[1].codecs
    ]
    assert any(35 <= number <= 63 for number in low)


def test_a_data_channel_alone_or_beside_media_is_refused() -> None:
    with pytest.raises(OfferUnservable, match="only audio and video"):
        read_offer(offer_of("chromium-data"), Purpose.PUBLISH)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("a=group:BUNDLE v a\n", "", "BUNDLE"),
        ("a=group:BUNDLE v a", "a=group:BUNDLE v", "BUNDLE"),
        ("a=group:BUNDLE v a", "a=group:LS v a", "BUNDLE"),
        ("a=group:BUNDLE v a", "a=group:", "BUNDLE"),
        ("a=group:BUNDLE v a", "a=group:BUNDLE x v a", "BUNDLE tag"),
        ("a=rtcp-mux\n", "", "rtcp-mux"),
        ("a=sendonly", "a=recvonly", "sendonly or sendrecv"),
        ("a=sendonly", "a=inactive", "sendonly or sendrecv"),
        ("a=setup:actpass", "a=setup:holdconn", "holdconn"),
        ("sha-256 AB", "md5 AB", "sha-256 one is required"),
        ("UDP/TLS/RTP/SAVPF", "RTP/AVP", "UDP/TLS/RTP/SAVPF"),
        ("m=audio", "m=video", "more than one video"),
        ("m=video 9", "m=text 9", "only audio and video"),
        ("v=0\n", "v=0\na=ice-lite\n", "ICE-lite"),
    ],
)
def test_what_is_not_served_is_refused(old: str, new: str, sentence: str) -> None:
    with pytest.raises(OfferUnservable, match=sentence):
        read_offer(changed(old, new), Purpose.PUBLISH)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (f"a=fingerprint:sha-256 {FINGERPRINT}\n", "", "without a=fingerprint"),
        ("sha-256 AB", "sha-256 XX", "32 hexadecimal bytes"),
        ("a=ice-ufrag:abcd\n", "", "ice-ufrag"),
        ("a=ice-ufrag:abcd", "a=ice-ufrag:ab cd", "ice-ufrag"),
        ("a=ice-pwd:abcdefghijklmnopqrstuv\n", "", "ice-pwd"),
        ("a=ice-pwd:abcdefghijklmnopqrstuv", "a=ice-pwd:short", "ice-pwd"),
        ("a=mid:v\n", "", "a=mid"),
        ("a=mid:v", "a=mid:" + "v" * 17, "a=mid"),
        ("a=mid:a", "a=mid:v", "same a=mid"),
        ("96 97\n", "96 128\n", "payload type"),
        ("96 97\n", "96 ²\n", "payload type"),
        ("a=rtpmap:96 H264/90000", "a=rtpmap:96 H264", "rtpmap"),
        ("a=mid:v", "a=mid:v\na=extmap:x", "extmap"),
        ("a=mid:v", "a=mid:v\na=ssrc:x cname:y", "ssrc"),
        ("a=mid:v", "a=mid:v\na=ssrc:4294967296 cname:y", "ssrc"),
    ],
)
def test_what_breaks_the_grammar_is_refused(old: str, new: str, sentence: str) -> None:
    with pytest.raises(SdpMalformed, match=sentence):
        read_offer(changed(old, new), Purpose.PUBLISH)


def test_an_offer_without_media_is_refused() -> None:
    with pytest.raises(OfferUnservable, match="at least one"):
        read_offer(HEAD + TRANSPORT, Purpose.PUBLISH)
    with pytest.raises(OfferUnservable, match="at least one"):
        read_offer(changed(" 9 UDP", " 0 UDP"), Purpose.PUBLISH)


def test_a_viewer_must_receive() -> None:
    assert read_offer(VIEWER_OFFER, Purpose.VIEW).open_sections()
    with pytest.raises(OfferUnservable, match="recvonly or sendrecv"):
        read_offer(OFFER, Purpose.VIEW)


def test_direction_comes_from_the_section_then_the_session_then_is_both() -> None:
    assert read_offer(changed("a=sendonly\n", ""), Purpose.PUBLISH).open_sections()
    session_level = changed("a=sendonly\n", "").replace("t=0 0\n", "t=0 0\na=recvonly\n")
    with pytest.raises(OfferUnservable, match="recvonly section"):
        read_offer(session_level, Purpose.PUBLISH)


def test_a_single_section_needs_no_bundle() -> None:
    offer = read_offer(HEAD.replace("a=group:BUNDLE v a\n", "") + TRANSPORT + VIDEO, Purpose.PUBLISH)
    assert not offer.bundled


def test_a_section_turned_off_is_kept_but_not_open() -> None:
    offer = read_offer(changed("m=audio 9", "m=audio 0").replace("BUNDLE v a", "BUNDLE v"), Purpose.PUBLISH)
    assert offer.sections[1] == ClosedSection("audio", "a", "UDP/TLS/RTP/SAVPF", ("111",))
    assert len(offer.open_sections()) == 1


def test_a_bundle_only_section_is_open_with_port_zero() -> None:
    offer = read_offer(OFFER.replace("m=audio 9", "m=audio 0") + "a=bundle-only\n", Purpose.PUBLISH)
    assert len(offer.open_sections()) == 2


def test_transport_is_taken_from_the_section_that_carries_the_bundle() -> None:
    own = TRANSPORT.replace("abcd\n", "tagged\n").replace("AB:AB", "CD:CD", 1).replace("actpass", "passive")
    offer = read_offer(HEAD.replace("v a", "a v") + TRANSPORT + VIDEO + AUDIO + own, Purpose.PUBLISH)
    assert (offer.ice.ufrag, offer.setup, offer.fingerprint[:5]) == ("tagged", Setup.PASSIVE, "CD:CD")


def test_setup_is_active_when_it_is_not_said() -> None:
    assert read_offer(changed("a=setup:actpass\n", ""), Purpose.PUBLISH).setup is Setup.ACTIVE


def test_the_sha256_fingerprint_is_found_among_others_in_any_case() -> None:
    lines = f"a=fingerprint:sha-512 00\na=fingerprint:SHA-256 {FINGERPRINT.lower()}\n"
    offer = read_offer(changed(f"a=fingerprint:sha-256 {FINGERPRINT}\n", lines), Purpose.PUBLISH)
    assert offer.fingerprint == FINGERPRINT


def test_payload_types_that_look_like_rtcp_or_have_no_map_are_passed_over() -> None:
    offer = read_offer(changed("96 97\n", "0 72 96 97\n") + "a=rtpmap:72 H264/90000\n", Purpose.PUBLISH)
    assert [codec.payload_type for codec in offer.open_sections()[0].codecs] == [96, 97]


def test_feedback_for_all_payload_types_counts_for_each() -> None:
    offer = read_offer(changed("a=rtcp-fb:96 nack pli", "a=rtcp-fb:* transport-cc"), Purpose.PUBLISH)
    assert offer.open_sections()[0].codecs[0].feedback == {"nack", "transport-cc"}


def test_extensions_keep_usable_ids_and_the_first_of_a_name() -> None:
    lines = "a=mid:v\na=extmap:3/sendonly u:x attributes here\na=extmap:4 u:x\na=extmap:15 u:y\na=extmap:0 u:z"
    text = changed("a=mid:v", lines).replace("t=0 0\n", "t=0 0\na=extmap:5 u:s\n")
    assert read_offer(text, Purpose.PUBLISH).open_sections()[0].extensions == {"u:x": 3, "u:s": 5}


def test_sources_come_from_the_fid_group_or_the_first_line() -> None:
    def sources(lines: str) -> tuple[int | None, int | None]:
        section = read_offer(changed("a=mid:v", f"a=mid:v\n{lines}"), Purpose.PUBLISH).open_sections()[0]
        return section.ssrc, section.rtx_ssrc

    assert sources("a=ssrc-group:SIM 1 2\na=ssrc-group:FID 3 4\na=ssrc:1 cname:x") == (3, 4)
    assert sources("a=ssrc:7 cname:x") == (7, None)
    assert sources("a=sendonly") == (None, None)


def test_reduced_size_rtcp_is_noted() -> None:
    video, audio = read_offer(changed("a=mid:v", "a=mid:v\na=rtcp-rsize"), Purpose.PUBLISH).open_sections()
    assert (video.reduced_size, audio.reduced_size) == (True, False)
