"""Pure: what the probe reads out of playlists, and the rules it checks them against (draft-pantos-hls-rfc8216bis)."""

import datetime as dt
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urljoin, urlsplit

import m3u8

_MIN_PART_SHARE = 0.85  # of the part target (4.4.4.9)
_ROUNDING_S = 0.001  # durations are printed with a few decimals
_HOLD_BACK_TARGETS = 3
_MAX_RATE = 1.25  # of BANDWIDTH (Apple's authoring specification 1.26)


Playlist = Any  # m3u8.M3U8, whose stubs are not what it does


class NotAPlaylist(ValueError):
    """The text is no playlist; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One media playlist; what is not said is None."""

    url: str
    kind: str
    name: str
    width: int | None = None
    height: int | None = None
    codecs: str | None = None
    bandwidth_bps: int | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part, or a whole segment where there are no parts.

    Attributes:
        msn: media sequence number of its segment.
        index: of the part in its segment; 0 for a whole segment.
        url: where it is.
        duration_s: how long it is.
        capture_ns: EXT-X-PROGRAM-DATE-TIME of its first sample, Unix nanoseconds; None if not said.
    """

    msn: int
    index: int
    url: str
    duration_s: float
    capture_ns: int | None


@dataclass(frozen=True, slots=True)
class MediaView:
    """A media playlist as the probe sees it; ``expected`` is the msn and part index that come next."""

    target_duration_s: float
    part_target_s: float | None
    hold_back_s: float | None
    part_hold_back_s: float | None
    can_block: bool
    ended: bool
    pieces: tuple[Piece, ...]
    expected: tuple[int, int]
    problems: tuple[str, ...]


@contextmanager
def _refusing() -> Iterator[None]:
    """The library trusts playlists; what a hostile one makes of it is one error."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        raise NotAPlaylist(f"it cannot be read: {error!r}") from error


def parse_playlist(text: str, url: str) -> Playlist:
    """The playlist.

    Raises:
        NotAPlaylist: it is none.
    """
    if not text.startswith("#EXTM3U"):
        raise NotAPlaylist("it does not begin with #EXTM3U")
    with _refusing():
        return m3u8.loads(text, uri=url)


def renditions_of(playlist: Playlist, url: str) -> list[Rendition]:
    """The media playlists that a multivariant playlist names; a media playlist is its own and only one.

    Raises:
        NotAPlaylist: they cannot be read.
    """
    with _refusing():
        return list(_renditions(playlist, url))


def _renditions(playlist: Playlist, url: str) -> Iterator[Rendition]:
    if not playlist.is_variant:
        yield Rendition(url, "video", _name(url))
    for variant in playlist.playlists:
        info, at = variant.stream_info, urljoin(url, variant.uri)
        width, height = info.resolution or (None, None)
        kind = "video" if width or "avc1" in (info.codecs or "") else "audio"
        yield Rendition(at, kind, _name(at), width, height, info.codecs, info.bandwidth)
    for media in playlist.media:
        if media.uri and media.type == "AUDIO":
            at = urljoin(url, media.uri)
            yield Rendition(at, "audio", media.name or _name(at))


def view_media(playlist: Playlist, url: str) -> MediaView:
    """The media playlist in numbers.

    Raises:
        NotAPlaylist: it cannot be read.
    """
    with _refusing():
        return _view(playlist, url)


def _view(playlist: Playlist, url: str) -> MediaView:
    control, first = playlist.server_control, playlist.media_sequence or 0
    part_target_s = playlist.part_inf.part_target if playlist.part_inf else None
    pieces: list[Piece] = []
    expected = (first, 0)
    for msn, segment in enumerate(playlist.segments, first):
        parts = list(segment.parts)
        if parts:
            pieces += [
                Piece(msn, n, urljoin(url, part.uri), part.duration, _unix_ns(part.program_date_time))
                for n, part in enumerate(parts)
            ]
        else:  # whole, or it would not be there
            at = _unix_ns(segment.current_program_date_time)
            pieces.append(Piece(msn, 0, urljoin(url, segment.uri), segment.duration, at))
        expected = (msn + 1, 0) if segment.uri else (msn, len(parts))
    return MediaView(
        target_duration_s=playlist.target_duration or 0,
        part_target_s=part_target_s,
        hold_back_s=control.hold_back if control else None,
        part_hold_back_s=control.part_hold_back if control else None,
        can_block=bool(control and control.can_block_reload == "YES"),
        ended=playlist.is_endlist,
        pieces=tuple(pieces),
        expected=expected,
        problems=tuple(_problems(playlist, _name(url))),
    )


def common_problems(views: Iterable[MediaView]) -> list[str]:
    """What is wrong between the renditions of one presentation (6.2.4)."""
    targets = {(view.target_duration_s, view.part_hold_back_s, view.hold_back_s) for view in views}
    return ["renditions differ in target duration or hold backs"] if len(targets) > 1 else []


def variant_problems(playlist: Playlist) -> list[str]:
    """What is wrong in a multivariant playlist (4.4.6.2)."""
    with _refusing():
        return list(_variant_problems(playlist))


def _variant_problems(playlist: Playlist) -> Iterator[str]:
    groups = {media.group_id for media in playlist.media}
    for variant in playlist.playlists:
        info, name = variant.stream_info, _name(variant.uri)
        if not info.bandwidth:
            yield f"{name}: no BANDWIDTH"
        if not info.codecs:
            yield f"{name}: no CODECS"
        if info.audio and info.audio not in groups:
            yield f"{name}: audio group {info.audio} is not defined"


def rate_problems(rendition: Rendition, measured_bps: int) -> list[str]:
    """Whether a rendition is heavier than it says."""
    if rendition.bandwidth_bps and measured_bps > rendition.bandwidth_bps * _MAX_RATE:
        return [f"{rendition.name}: measured {measured_bps} bit/s, BANDWIDTH says {rendition.bandwidth_bps}"]
    return []


def _problems(playlist: Playlist, name: str) -> Iterable[str]:
    target_s = playlist.target_duration
    if not target_s:
        yield f"{name}: no EXT-X-TARGETDURATION"
        return
    segments = [segment for segment in playlist.segments if segment.uri]
    for msn, segment in enumerate(segments, playlist.media_sequence or 0):
        if round(segment.duration) > target_s:
            yield f"{name}: segment {msn} of {segment.duration} s is longer than the target duration of {target_s} s"
        if segment.init_section is None:
            yield f"{name}: segment {msn} has no EXT-X-MAP"
    if segments and segments[0].program_date_time is None:
        yield f"{name}: no EXT-X-PROGRAM-DATE-TIME"
    control = playlist.server_control
    if control and control.hold_back and control.hold_back < _HOLD_BACK_TARGETS * target_s:
        yield f"{name}: HOLD-BACK of {control.hold_back} s is below three target durations"
    if playlist.part_inf and playlist.part_inf.part_target:
        yield from _part_problems(playlist, name, playlist.part_inf.part_target)


def _part_problems(playlist: Playlist, name: str, part_target_s: float) -> Iterable[str]:
    control = playlist.server_control
    if not control or not control.part_hold_back:
        yield f"{name}: parts without PART-HOLD-BACK"
    elif control.part_hold_back < _HOLD_BACK_TARGETS * part_target_s - _ROUNDING_S:
        yield f"{name}: PART-HOLD-BACK of {control.part_hold_back} s is below three part targets"
    if not playlist.is_endlist and not (playlist.preload_hint and playlist.preload_hint.hint_type == "PART"):
        yield f"{name}: no EXT-X-PRELOAD-HINT"
    for segment in playlist.segments:
        for part in segment.parts:
            last = segment.uri is not None and part is segment.parts[-1]
            if part.duration > part_target_s + _ROUNDING_S:
                yield f"{name}: part {part.uri} of {part.duration} s is longer than the part target"
            elif part.duration < _MIN_PART_SHARE * part_target_s and not last and part.independent != "YES":
                yield f"{name}: part {part.uri} of {part.duration} s is shorter than 85 % of the part target"


def _name(url: str) -> str:
    """The folder that a playlist is in, or its file's stem."""
    path = PurePosixPath(urlsplit(url).path)
    return path.parent.name or path.stem


def _unix_ns(at: dt.datetime | None) -> int | None:
    return None if at is None else round(at.timestamp() * 1e6) * 1000
