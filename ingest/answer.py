"""Pure: writes the answer to a checked offer.

One transport for all sections, one fingerprint (libdatachannel fails to verify some answers with three), the complete
list of candidates (RFC 9725 4.3.2), and never more than one codec and its retransmissions in a section.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ingest.negotiation import MID_URI, TWCC_URI, Agreement
from ingest.offer import ClosedSection, IceCredentials, Offer, OfferedSection, Purpose, Setup
from ingest.tracks import TrackPlan
from transcoder.access_unit import Codec, Track

ICE_OPTIONS = "trickle ice2"  # RFC 8838 4.1, RFC 8445 10
_CNAME = "tandem"
_FEEDBACK = ("nack", "nack pli", "ccm fir", "transport-cc")
_OPUS_FORMAT = "stereo=1;sprop-stereo=1;useinbandfec=1"  # without it Chromium sends mono
_TYPE_PREFERENCE_HOST = 126  # RFC 8445 5.1.2.1
_ONLY_COMPONENT = 1  # rtcp-mux


@dataclass(frozen=True, slots=True)
class LocalSide:
    """What this side brings into every answer.

    Attributes:
        ice: our credentials of this ICE session.
        fingerprint: sha-256 of our certificate.
        addresses: announced addresses, best first.
        udp_port: of all of them.
        start_bitrate_kbps: x-google-start-bitrate of a publisher's video.
    """

    ice: IceCredentials
    fingerprint: str
    addresses: Sequence[str]
    udp_port: int
    start_bitrate_kbps: int


def opens_dtls(setup: Setup) -> bool:
    """Whether this side is the DTLS client: only if the offer leaves no choice.

    As server every peer certificate works; as client aiortc cannot talk to an RSA one (GStreamer). FFmpeg's offer is
    passive.
    """
    return setup is Setup.PASSIVE


def write_answer(offer: Offer, agreements: Iterable[Agreement], purpose: Purpose, local: LocalSide, stream: str) -> str:
    """The answer, lines ended by CR LF.

    Args:
        offer: what is answered.
        agreements: one for each open section, in order.
        purpose: decides direction, SSRC lines and the start bit rate.
        local: our side of the transport.
        stream: id of the one MediaStream of a viewer.
    """
    waiting = iter(agreements)
    sections: list[str] = []
    mids: list[str] = []
    for section in offer.sections:
        if isinstance(section, ClosedSection):
            sections += _closed(section)
            continue
        agreement = next(waiting)
        sections += _open(agreement, purpose, local, stream)
        sections += _transport(offer.setup, local)
        if not mids:  # RFC 9429 5.3.1: the candidates belong to the first section of the BUNDLE
            sections += candidate_lines(local)
        mids.append(section.mid)
    head = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=-", "t=0 0"]
    if offer.bundled:
        head.append("a=group:BUNDLE " + " ".join(mids))
    head += ["a=ice-lite", f"a=ice-options:{ICE_OPTIONS}", "a=msid-semantic:WMS *"]
    return "".join(f"{line}\r\n" for line in (*head, *sections))


def candidate_lines(local: LocalSide) -> Iterator[str]:
    """One host candidate for each announced address, and the end of the list (RFC 8839 5.1, RFC 8840 4.3)."""
    for index, address in enumerate(local.addresses):
        priority = (_TYPE_PREFERENCE_HOST << 24) | ((65535 - index) << 8) | (256 - _ONLY_COMPONENT)
        yield f"a=candidate:{index + 1} {_ONLY_COMPONENT} udp {priority} {address} {local.udp_port} typ host"
    yield "a=end-of-candidates"


def _closed(section: ClosedSection) -> Iterator[str]:
    yield f"m={section.media} 0 {section.protocol} {' '.join(section.formats)}"
    yield "c=IN IP4 0.0.0.0"
    if section.mid is not None:
        yield f"a=mid:{section.mid}"
    yield "a=inactive"


def _open(agreement: Agreement, purpose: Purpose, local: LocalSide, stream: str) -> Iterator[str]:
    section, codec, plan = agreement.section, agreement.codec, agreement.plan
    rtx = None if plan is None else plan.rtx_payload_type
    formats = [number for number in (codec.payload_type, rtx) if number is not None]
    yield f"m={section.track.name.lower()} 9 {section.protocol} {' '.join(map(str, formats))}"
    yield "c=IN IP4 0.0.0.0"
    yield "a=rtcp:9 IN IP4 0.0.0.0"
    yield f"a=mid:{section.mid}"
    yield f"a={_direction(plan, purpose)}"
    yield "a=rtcp-mux"
    yield "a=rtcp-mux-only"
    if section.reduced_size:
        yield "a=rtcp-rsize"
    yield from _codec(agreement, purpose, local)
    yield from _extensions(section, plan)
    if plan is not None and purpose is Purpose.VIEW:
        yield from _sources(plan, stream)


def _direction(plan: TrackPlan | None, purpose: Purpose) -> str:
    if plan is None:
        return "inactive"
    return "recvonly" if purpose is Purpose.PUBLISH else "sendonly"


def _codec(agreement: Agreement, purpose: Purpose, local: LocalSide) -> Iterator[str]:
    codec, plan = agreement.codec, agreement.plan
    yield f"a=rtpmap:{codec.payload_type} {codec.encoding}"
    if plan is None:
        return
    format_ = _OPUS_FORMAT if plan.codec is Codec.OPUS else codec.format
    if purpose is Purpose.PUBLISH and plan.track is Track.VIDEO:
        format_ = ";".join(filter(None, (format_, f"x-google-start-bitrate={local.start_bitrate_kbps}")))
    if format_:
        yield f"a=fmtp:{codec.payload_type} {format_}"
    for kind in _FEEDBACK:
        if kind in codec.feedback and (kind != "transport-cc" or plan.transport_cc):
            yield f"a=rtcp-fb:{codec.payload_type} {kind}"
    if plan.rtx_payload_type is not None:
        yield f"a=rtpmap:{plan.rtx_payload_type} rtx/{codec.clock_rate}"
        yield f"a=fmtp:{plan.rtx_payload_type} apt={codec.payload_type}"


def _extensions(section: OfferedSection, plan: TrackPlan | None) -> Iterator[str]:
    mid = section.extensions.get(MID_URI)
    if mid is not None:
        yield f"a=extmap:{mid} {MID_URI}"
    if plan is not None and plan.transport_cc:
        yield f"a=extmap:{plan.twcc_extension} {TWCC_URI}"


def _sources(plan: TrackPlan, stream: str) -> Iterator[str]:
    msid = f"{stream} {plan.track.name.lower()}"
    yield f"a=msid:{msid}"
    if plan.rtx_ssrc is not None:
        yield f"a=ssrc-group:FID {plan.ssrc} {plan.rtx_ssrc}"
    for ssrc in (plan.ssrc, plan.rtx_ssrc):
        if ssrc is not None:
            yield f"a=ssrc:{ssrc} cname:{_CNAME}"
            yield f"a=ssrc:{ssrc} msid:{msid}"


def _transport(setup: Setup, local: LocalSide) -> Iterator[str]:
    yield f"a=ice-ufrag:{local.ice.ufrag}"
    yield f"a=ice-pwd:{local.ice.pwd}"
    yield f"a=fingerprint:sha-256 {local.fingerprint}"
    yield f"a=setup:{'active' if opens_dtls(setup) else 'passive'}"
