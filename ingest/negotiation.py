"""Pure: which codec of each offered section is taken, and the `TrackPlan` that follows from it.

No partial success (RFC 9725 4.4.3): a publisher's section without a usable codec refuses the whole offer. A viewer may
offer a kind of media that the publisher does not send; that section is answered inactive.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ingest.errors import OfferUnservable, SdpMalformed
from ingest.offer import Offer, OfferedCodec, OfferedSection
from ingest.tracks import CLOCK_RATES, TrackPlan
from transcoder.access_unit import Codec, Track

MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
TWCC_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

# What is taken of a publisher, best first. H.264 can be passed through to HLS, VP8 can not.
_PREFERENCE = {Track.VIDEO: (Codec.H264, Codec.VP8), Track.AUDIO: (Codec.OPUS,)}
_NAMES = {Codec.H264: "H264", Codec.VP8: "VP8", Codec.OPUS: "OPUS"}
_H264_PROFILES = ("42", "4D", "64")  # profile_idc of (constrained) baseline, main, high (ITU-T H.264 A.2)
_H264_DEFAULT_PROFILE = "420010"  # without profile-level-id (RFC 6184 8.1)
_PROFILE_LEVEL_ID_CHARS = 6


@dataclass(frozen=True, slots=True)
class SentTrack:
    """What a publisher sends: a viewer must be able to take just this; ``h264_profile`` is a profile-level-id."""

    codec: Codec
    h264_profile: str | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One open section of the answer: the codec it names, and the plan of the media, None if none will flow."""

    section: OfferedSection
    codec: OfferedCodec
    plan: TrackPlan | None


def agree_to_publish(offer: Offer) -> tuple[Agreement, ...]:
    """One codec for each section of a publisher's offer.

    Raises:
        OfferUnservable: a section has no codec that is served.
        SdpMalformed: two sections use the same payload type, which BUNDLE forbids (RFC 8843 9.1).
    """
    return _distinct([_publish(section) for section in offer.open_sections()])


def agree_to_view(offer: Offer, sent: Sequence[SentTrack], new_ssrc: Callable[[], int]) -> tuple[Agreement, ...]:
    """The publisher's codecs in the viewer's numbers.

    Args:
        offer: of the viewer.
        sent: what the publisher sends, at most one track of each kind.
        new_ssrc: a random SSRC at each call.

    Raises:
        OfferUnservable: the viewer does not offer the codec that is sent, or no kind of media that is sent.
        SdpMalformed: as `agree_to_publish`.
    """
    agreements = [_view(section, sent, new_ssrc) for section in offer.open_sections()]
    if not any(agreement.plan for agreement in agreements):
        kinds = " and ".join(_names_of(sent)) or "nothing"
        raise OfferUnservable(f"offer refused: the stream has {kinds}, and the offer asks for none of it")
    return _distinct(agreements)


def sent_track(agreement: Agreement) -> SentTrack | None:
    """What a publisher with this agreement sends."""
    plan = agreement.plan
    if plan is None:
        return None
    return SentTrack(plan.codec, _h264_profile(agreement.codec) if plan.codec is Codec.H264 else None)


def _publish(section: OfferedSection) -> Agreement:
    for codec in _PREFERENCE[section.track]:
        for offered in section.codecs:
            if _is(offered, codec):
                return Agreement(section, offered, _plan(section, offered, codec))
    wanted = "H.264 (packetization-mode=1; baseline, main or high) or VP8" if section.track is Track.VIDEO else "Opus"
    raise OfferUnservable(f"{section.track.name.lower()} section refused: it must offer {wanted}")


def _view(section: OfferedSection, sent: Sequence[SentTrack], new_ssrc: Callable[[], int]) -> Agreement:
    track = next((track for track in sent if track.codec in _PREFERENCE[section.track]), None)
    if track is None:
        if not section.codecs:
            raise OfferUnservable(f"{section.track.name.lower()} section refused: it names no codec")
        return Agreement(section, section.codecs[0], None)
    usable = [offered for offered in section.codecs if _is(offered, track.codec)]
    if not usable:
        raise OfferUnservable(
            f"{section.track.name.lower()} section refused: the stream is {_NAMES[track.codec]}, which is not offered"
        )
    offered = min(usable, key=lambda codec: _distance(codec, track.h264_profile))
    plan = _plan(section, offered, track.codec)
    # no transport-wide feedback from a viewer: nothing here adapts to it
    plan = replace(plan, ssrc=new_ssrc(), twcc_extension=None, transport_cc=False)
    plan = replace(plan, rtx_ssrc=None if plan.rtx_payload_type is None else new_ssrc())
    return Agreement(section, offered, plan)


def _is(offered: OfferedCodec, codec: Codec) -> bool:
    if offered.name != _NAMES[codec] or offered.clock_rate != CLOCK_RATES[codec]:
        return False
    if codec is not Codec.H264:
        return True
    return offered.parameters().get("packetization-mode") == "1" and _h264_profile(offered)[:2] in _H264_PROFILES


def _h264_profile(offered: OfferedCodec) -> str:
    """profile-level-id in upper case; "" if it is not six characters."""
    value = offered.parameters().get("profile-level-id", _H264_DEFAULT_PROFILE).upper()
    return value if len(value) == _PROFILE_LEVEL_ID_CHARS else ""


def _distance(offered: OfferedCodec, profile: str | None) -> int:
    """How far an offered H.264 entry is from what is sent: 0 same profile and level, 1 same profile, 2 same family."""
    if profile is None:
        return 0
    given = _h264_profile(offered)
    return next((rank for rank, chars in enumerate((6, 4, 2)) if given[:chars] == profile[:chars]), 3)


def _plan(section: OfferedSection, offered: OfferedCodec, codec: Codec) -> TrackPlan:
    rtx = next((other.payload_type for other in section.codecs if _retransmits(other, offered)), None)
    twcc = section.extensions.get(TWCC_URI)
    return TrackPlan(
        track=section.track,
        mid=section.mid,
        codec=codec,
        payload_type=offered.payload_type,
        clock_rate=offered.clock_rate,
        rtx_payload_type=rtx,
        ssrc=section.ssrc,
        rtx_ssrc=section.rtx_ssrc if rtx is not None else None,
        mid_extension=section.extensions.get(MID_URI),
        twcc_extension=twcc,
        nack="nack" in offered.feedback,
        pli="nack pli" in offered.feedback,
        transport_cc=twcc is not None and "transport-cc" in offered.feedback,
    )


def _retransmits(other: OfferedCodec, offered: OfferedCodec) -> bool:
    return other.name == "RTX" and other.parameters().get("apt") == str(offered.payload_type)


def _distinct(agreements: Sequence[Agreement]) -> tuple[Agreement, ...]:
    plans = [agreement.plan for agreement in agreements if agreement.plan is not None]
    used = [number for plan in plans for number in (plan.payload_type, plan.rtx_payload_type) if number is not None]
    if len(set(used)) < len(used):
        raise SdpMalformed("two codecs with the same payload type refused: in a BUNDLE each needs its own")
    return tuple(agreements)


def _names_of(sent: Sequence[SentTrack]) -> list[str]:
    return [_NAMES[track.codec] for track in sent]
