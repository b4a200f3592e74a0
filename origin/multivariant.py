"""Pure: a session's renditions as a multivariant playlist (rfc8216bis 4.4.6)."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from infra.ids import RenditionName, SessionId
from origin.model import Kind, TrackDescription
from origin.names import IFRAME_PLAYLIST, variant_uri
from origin.playlist_version import VERSION
from origin.tags import Quoted, decimal, tag

FIRST_VARIANT_BPS = 2_000_000  # players begin with the first one (Apple's authoring rules 1.32)
_AUDIO_GROUP = Quoted("audio")


class Listed(Protocol):
    """What is told of a rendition, live (`origin.rendition`) or kept (`origin.recording`)."""

    @property
    def name(self) -> RenditionName: ...  # noqa: D102

    @property
    def track(self) -> TrackDescription | None: ...  # noqa: D102

    @property
    def peak_bps(self) -> int: ...  # noqa: D102

    @property
    def average_bps(self) -> int: ...  # noqa: D102

    @property
    def iframe_bps(self) -> int: ...  # noqa: D102

    @property
    def frame_rate(self) -> Fraction: ...  # noqa: D102


def multivariant_playlist(session: SessionId | None, renditions: Sequence[Listed]) -> str:
    """The playlist of all renditions that can be played.

    With video, every video rendition is a variant and the sound is a group; without, every sound is a variant.

    Args:
        session: the folder of the media playlists; None: they lie beside this one, as those of a recording do.
        renditions: those that can be played.
    """
    videos = [each for each in renditions if each.track and each.track.kind is Kind.VIDEO]
    audios = sorted((each for each in renditions if each.track and each.track.kind is Kind.AUDIO), key=_by_name)
    group = audios if videos else []
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    lines += [_media(session, audio, first=audio is group[0]) for audio in group]
    for variant in _in_order(videos or audios):
        lines += [_stream_inf(variant, group), variant_uri(session, variant.name)]
    lines += [_iframe_stream_inf(session, variant) for variant in _in_order(videos) if variant.iframe_bps]
    return "\n".join((*lines, ""))


def _by_name(rendition: Listed) -> str:
    return rendition.name


def _in_order(variants: Sequence[Listed]) -> list[Listed]:
    """The one nearest to where players should begin, then the others, highest rate first."""
    falling = sorted(variants, key=lambda each: (-each.peak_bps, each.name))
    first = min(falling, key=lambda each: abs(each.peak_bps - FIRST_VARIANT_BPS), default=None)
    return [*([first] if first else []), *(each for each in falling if each is not first)]


def _media(session: SessionId | None, audio: Listed, *, first: bool) -> str:
    """One member of the group of sounds (rfc8216bis 4.4.6.1)."""
    track = audio.track
    return tag(
        "EXT-X-MEDIA",
        TYPE="AUDIO",
        GROUP_ID=_AUDIO_GROUP,
        NAME=Quoted(audio.name),
        LANGUAGE=Quoted("und"),
        DEFAULT="YES" if first else "NO",
        AUTOSELECT="YES",
        CHANNELS=Quoted(track.channels) if track else None,
        URI=Quoted(variant_uri(session, audio.name)),
    )


def _stream_inf(variant: Listed, group: Sequence[Listed]) -> str:
    """One variant, with the most costly sound it may be played with (rfc8216bis 4.4.6.2)."""
    track = variant.track
    assert track is not None, "a variant has an init section"
    codecs = dict.fromkeys([track.codec, *(audio.track.codec for audio in group if audio.track)])
    return tag(
        "EXT-X-STREAM-INF",
        BANDWIDTH=max(1, variant.peak_bps + max((audio.peak_bps for audio in group), default=0)),
        AVERAGE_BANDWIDTH=max(1, variant.average_bps + max((audio.average_bps for audio in group), default=0)),
        CODECS=Quoted(",".join(codecs)),
        RESOLUTION=f"{track.width}x{track.height}" if track.kind is Kind.VIDEO else None,
        FRAME_RATE=decimal(variant.frame_rate, 3) if track.kind is Kind.VIDEO else None,
        AUDIO=_AUDIO_GROUP if group else None,
        CLOSED_CAPTIONS="NONE" if track.kind is Kind.VIDEO else None,
    )


def _iframe_stream_inf(session: SessionId | None, variant: Listed) -> str:
    """The single pictures of a video rendition (rfc8216bis 4.4.6.3)."""
    track = variant.track
    assert track is not None, "a variant has an init section"
    return tag(
        "EXT-X-I-FRAME-STREAM-INF",
        BANDWIDTH=variant.iframe_bps,
        CODECS=Quoted(track.codec),
        RESOLUTION=f"{track.width}x{track.height}",
        URI=Quoted(variant_uri(session, variant.name, IFRAME_PLAYLIST)),
    )
