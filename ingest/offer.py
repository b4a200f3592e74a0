"""Pure: what an offer must be before anything is built on it; the result holds only checked values.

WHIP and WHEP ask for the same transport (RFC 9725 4.4, draft-ietf-wish-whep 4.5): one BUNDLE, rtcp-mux, a sha-256
fingerprint, ICE credentials, at most one audio and one video section. They differ in the direction of media. Candidates
are not looked at: an ICE-lite agent answers checks and sends none (RFC 8445 2.5).
"""

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.errors import OfferUnservable, SdpMalformed, shown
from ingest.sdp import Description, Section, read_description
from transcoder.access_unit import Track

MAX_MID_CHARS = 16  # longest MID a one-byte header extension can carry (RFC 8285 4.2)

_MID = re.compile(r"[\w!#$%&'*+.^`{|}~-]{1,16}", re.ASCII)
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")
_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_SHA256 = re.compile(r"[0-9A-F]{2}(?::[0-9A-F]{2}){31}")
_RTPMAP = re.compile(r"(\d{1,3}) ([\w.+-]{1,40})/(\d{1,9})(?:/\d{1,2})?", re.ASCII)
_EXTMAP = re.compile(r"(\d{1,4})(?:/\w+)? (\S{1,200})(?: .*)?", re.ASCII)
_SSRC = re.compile(r"(\d{1,10})(?: .*)?", re.ASCII)
_PROTOCOLS = frozenset(  # RFC 9429 5.1.2: all of them mean the first one
    {
        "UDP/TLS/RTP/SAVPF",
        "UDP/TLS/RTP/SAVP",
        "TCP/DTLS/RTP/SAVPF",
        "TCP/TLS/RTP/SAVPF",
        "RTP/SAVPF",
        "RTP/SAVP",
    }
)
_DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
_TRACKS = {"video": Track.VIDEO, "audio": Track.AUDIO}
_RTCP_CONFLICT = range(64, 96)  # with rtcp-mux these payload types look like RTCP (RFC 5761 4)
_MAX_PAYLOAD_TYPE = 127
_MAX_EXTENSION = 14  # one-byte header extensions (RFC 8285 4.2)
_MAX_SSRC = 0xFFFFFFFF


class Purpose(enum.Enum):
    """What an offer is posted for."""

    PUBLISH = "publish"
    VIEW = "view"


class Setup(enum.Enum):
    """Which side opens DTLS, as the offerer says it (RFC 5763 5)."""

    ACTPASS = "actpass"
    ACTIVE = "active"
    PASSIVE = "passive"


@dataclass(frozen=True, slots=True)
class OfferedCodec:
    """One payload type of a section; ``name`` in upper case.

    ``encoding`` and ``format`` are the values of rtpmap and fmtp as offered, "" for no fmtp.
    """

    payload_type: int
    encoding: str
    name: str
    clock_rate: int
    format: str
    feedback: frozenset[str]

    def parameters(self) -> Mapping[str, str]:
        """The fmtp value as ``key=value`` pairs, keys in lower case."""
        pairs = (item.partition("=") for item in self.format.split(";"))
        return {key.strip().lower(): value.strip() for key, _, value in pairs if key.strip()}


@dataclass(frozen=True, slots=True)
class OfferedSection:
    """A section that is open for media.

    Attributes:
        track: audio or video.
        mid: its identification, unique in the offer.
        protocol: as offered; the answer repeats it (RFC 9429 5.3.1).
        codecs: in the offerer's order of preference.
        extensions: header extension id (1 to 14) by URI.
        ssrc: what the offerer sends with, if it says so.
        rtx_ssrc: SSRC of its retransmissions, if it says so.
        reduced_size: RTCP packets may be other than compound (RFC 5506).
    """

    track: Track
    mid: str
    protocol: str
    codecs: tuple[OfferedCodec, ...]
    extensions: Mapping[str, int]
    ssrc: int | None
    rtx_ssrc: int | None
    reduced_size: bool


@dataclass(frozen=True, slots=True)
class ClosedSection:
    """A section the offerer itself has turned off (port 0 without bundle-only); the answer has to mirror it."""

    media: str
    mid: str | None
    protocol: str
    formats: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IceCredentials:
    """ufrag and password of one side of one ICE session (RFC 8445 5.3)."""

    ufrag: str
    pwd: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A checked offer; ``fingerprint`` is the sha-256 one in upper case, colons between the bytes."""

    sections: tuple[OfferedSection | ClosedSection, ...]
    ice: IceCredentials
    setup: Setup
    fingerprint: str
    bundled: bool

    def open_sections(self) -> list[OfferedSection]:
        """The sections that are open for media, in order."""
        return [section for section in self.sections if isinstance(section, OfferedSection)]


def read_offer(text: str, purpose: Purpose) -> Offer:
    """Check an offer.

    Raises:
        SdpMalformed: it is not a session description, or lacks what every WebRTC offer has.
        OfferUnservable: it asks for what this server does not do.
    """
    description = read_description(text)
    if "ice-lite" in description.attributes:
        raise OfferUnservable(
            "ice-lite offer refused: this server is ICE-lite itself, so the client must be a full agent"
        )
    sections = tuple(_read_section(description, section, purpose) for section in description.sections)
    mids = [section.mid for section in sections if isinstance(section, OfferedSection)]
    _require_media(sections, mids)
    bundle = _bundle(description)
    _require_bundle(mids, bundle)
    first = bundle[0] if bundle else mids[0]
    carrier = next(section for section in description.sections if section.attributes.first("mid") == first)
    return Offer(
        sections=sections,
        ice=read_credentials(
            _inherited(description, carrier, "ice-ufrag"), _inherited(description, carrier, "ice-pwd")
        ),
        setup=_setup(_inherited(description, carrier, "setup")),
        fingerprint=_fingerprint(
            carrier.attributes.every("fingerprint") or description.attributes.every("fingerprint")
        ),
        bundled=bool(bundle),
    )


def read_credentials(ufrag: str | None, pwd: str | None) -> IceCredentials:
    """ICE credentials as a peer wrote them.

    Raises:
        SdpMalformed: one is missing or breaks the grammar of RFC 8839 5.4.
    """
    if ufrag is None or not _UFRAG.fullmatch(ufrag):
        raise SdpMalformed(f"ice-ufrag {shown(ufrag or '')} refused: it must be 4 to 256 characters of A-Z a-z 0-9 + /")
    if pwd is None or not _PWD.fullmatch(pwd):
        raise SdpMalformed("ice-pwd refused: it must be 22 to 256 characters of A-Z a-z 0-9 + /")
    return IceCredentials(ufrag, pwd)


def _read_section(description: Description, section: Section, purpose: Purpose) -> OfferedSection | ClosedSection:
    attributes = section.attributes
    mid = attributes.first("mid")
    if section.port == 0 and "bundle-only" not in attributes:
        return ClosedSection(section.media, mid, section.protocol, section.formats)
    if section.media not in _TRACKS:
        raise OfferUnservable(f"m={section.media[:20]} section refused: only audio and video are served")
    if section.protocol not in _PROTOCOLS:
        raise OfferUnservable(f"protocol {shown(section.protocol)} refused: only UDP/TLS/RTP/SAVPF is served")
    if mid is None or not _MID.fullmatch(mid):
        raise SdpMalformed(
            f"a=mid {shown(mid or '')} refused: each section needs one of 1 to {MAX_MID_CHARS} token characters"
        )
    if "rtcp-mux" not in attributes:
        raise OfferUnservable(f"section {shown(mid)} refused: a=rtcp-mux is required")
    _require_direction(_direction(description, section), purpose)
    ssrc, rtx_ssrc = _ssrcs(section)
    return OfferedSection(
        track=_TRACKS[section.media],
        mid=mid,
        protocol=section.protocol,
        codecs=_codecs(section),
        extensions=_extensions(description, section),
        ssrc=ssrc,
        rtx_ssrc=rtx_ssrc,
        reduced_size="rtcp-rsize" in attributes,
    )


def _require_media(sections: Sequence[OfferedSection | ClosedSection], mids: Sequence[str]) -> None:
    if not mids:
        raise OfferUnservable("offer without an audio or video section refused: at least one is needed")
    if len(set(mids)) < len(mids):
        raise SdpMalformed("two sections with the same a=mid refused")
    for track in Track:
        if sum(isinstance(section, OfferedSection) and section.track is track for section in sections) > 1:
            raise OfferUnservable(
                f"more than one {track.name.lower()} section refused: at most one audio and one video are served"
            )


def _bundle(description: Description) -> list[str]:
    groups = [group.split() for group in description.attributes.every("group")]
    return next((group[1:] for group in groups if group and group[0] == "BUNDLE"), [])


def _require_bundle(mids: Sequence[str], bundle: Sequence[str]) -> None:
    missing = set(mids) - set(bundle)
    if missing and (bundle or len(mids) > 1):
        raise OfferUnservable("offer without BUNDLE refused: a=group:BUNDLE must name every audio and video section")
    if bundle and bundle[0] not in mids:
        raise OfferUnservable(f"BUNDLE tag {shown(bundle[0])} refused: its first mid must be that of an open section")


def _inherited(description: Description, section: Section, name: str) -> str | None:
    own = section.attributes.first(name)
    return description.attributes.first(name) if own is None else own


def _direction(description: Description, section: Section) -> str:
    for attributes in (section.attributes, description.attributes):
        for direction in _DIRECTIONS:
            if direction in attributes:
                return direction
    return "sendrecv"


def _require_direction(direction: str, purpose: Purpose) -> None:
    wanted = "sendonly" if purpose is Purpose.PUBLISH else "recvonly"
    if direction not in {wanted, "sendrecv"}:
        raise OfferUnservable(
            f"{direction} section refused: to {purpose.value}, every section must be {wanted} or sendrecv"
        )


def _setup(value: str | None) -> Setup:
    try:
        return Setup(value or "active")  # the default of RFC 4145 4
    except ValueError:
        raise OfferUnservable(f"a=setup:{(value or '')[:20]} refused: allowed are actpass, active, passive") from None


def _fingerprint(values: Sequence[str]) -> str:
    if not values:
        raise SdpMalformed("offer without a=fingerprint refused: a sha-256 one is required")
    for value in values:
        algorithm, _, digest = value.partition(" ")
        if algorithm.lower() == "sha-256":
            if not _SHA256.fullmatch(digest.strip().upper()):
                raise SdpMalformed("a=fingerprint:sha-256 refused: it must be 32 hexadecimal bytes with colons between")
            return digest.strip().upper()
    raise OfferUnservable(f"fingerprint {shown(values[0])} refused: a sha-256 one is required")


def _codecs(section: Section) -> tuple[OfferedCodec, ...]:
    maps = _by_payload_type(section.attributes.every("rtpmap"))
    formats = _by_payload_type(section.attributes.every("fmtp"))
    feedback: dict[str, set[str]] = {}
    for value in section.attributes.every("rtcp-fb"):
        payload_type, _, kind = value.partition(" ")
        feedback.setdefault(payload_type, set()).add(kind.strip().lower())
    for_all = feedback.get("*", set())
    codecs = []
    for text in dict.fromkeys(section.formats):
        if not text.isdecimal() or not text.isascii() or int(text) > _MAX_PAYLOAD_TYPE:
            raise SdpMalformed(f"payload type {shown(text)} refused: allowed are 0 to {_MAX_PAYLOAD_TYPE}")
        if text not in maps or int(text) in _RTCP_CONFLICT:
            continue
        match = _RTPMAP.fullmatch(maps[text])
        if match is None:
            raise SdpMalformed(f"a=rtpmap:{maps[text][:40]} refused: it must be <payload type> <name>/<clock rate>")
        codecs.append(
            OfferedCodec(
                payload_type=int(text),
                encoding=maps[text].partition(" ")[2],
                name=match[2].upper(),
                clock_rate=int(match[3]),
                format=formats.get(text, text).partition(" ")[2].strip(),
                feedback=frozenset(feedback.get(text, set()) | for_all),
            )
        )
    return tuple(codecs)


def _by_payload_type(values: Sequence[str]) -> dict[str, str]:
    return {value.partition(" ")[0]: value for value in values}


def _extensions(description: Description, section: Section) -> dict[str, int]:
    extensions: dict[str, int] = {}
    for value in (*section.attributes.every("extmap"), *description.attributes.every("extmap")):
        match = _EXTMAP.fullmatch(value)
        if match is None:
            raise SdpMalformed(f"a=extmap:{value[:40]} refused: it must be <id> <URI>")
        if 1 <= int(match[1]) <= _MAX_EXTENSION:
            extensions.setdefault(match[2], int(match[1]))
    return extensions


def _ssrcs(section: Section) -> tuple[int | None, int | None]:
    """The first SSRC and that of its retransmissions (RFC 5576 4.1, 4.2)."""
    for group in section.attributes.every("ssrc-group"):
        match group.split():
            case ["FID", media, retransmission]:
                return _ssrc(media), _ssrc(retransmission)
            case _:
                continue
    value = section.attributes.first("ssrc")
    return (None, None) if value is None else (_ssrc(value), None)


def _ssrc(text: str) -> int:
    match = _SSRC.fullmatch(text)
    if match is None or int(match[1]) > _MAX_SSRC:
        raise SdpMalformed(f"ssrc {shown(text)} refused: it must be a number below 2^32")
    return int(match[1])
