"""Pure: the playlists of a recording (rfc8216bis 4.4.3.5): nothing in them ever changes, all URIs are relative."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from origin.multivariant import multivariant_playlist
from origin.names import iframe_file, init_file, segment_file
from origin.playlist_version import GAP_VERSION, IFRAME_VERSION, VERSION
from origin.recording import KeptRendition, KeptSegment, Recording
from origin.tags import Quoted, date_time, decimal, lines_of, tag


def vod_index(recording: Recording) -> str:
    """The multivariant playlist; its bit rates are measured."""
    return multivariant_playlist(None, recording.renditions)


def vod_playlist(recording: Recording, rendition: KeptRendition) -> str:
    """The media playlist of one rendition."""
    lists = _Lists(VERSION, segment_file, lambda segment: segment.gap)
    return _playlist(recording, rendition, lists)


def vod_iframe_playlist(recording: Recording, rendition: KeptRendition) -> str:
    """The I-frame playlist of one rendition of video: the numbers and times of its media playlist (4.4.3.6)."""
    lists = _Lists(IFRAME_VERSION, iframe_file, lambda segment: not segment.iframe_bytes)
    return _playlist(recording, rendition, lists, "#EXT-X-I-FRAMES-ONLY")


@dataclass(frozen=True, slots=True)
class _Lists:
    """What a playlist lists of each segment: its media, or its I-frame.

    Attributes:
        version: EXT-X-VERSION without gaps.
        file: its name, by number.
        missing: whether there is none.
    """

    version: int
    file: Callable[[int], str]
    missing: Callable[[KeptSegment], bool]


def _playlist(recording: Recording, rendition: KeptRendition, lists: _Lists, *of_its_kind: str) -> str:
    gaps = any(map(lists.missing, rendition.segments))
    head = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{GAP_VERSION if gaps else lists.version}",
        f"#EXT-X-TARGETDURATION:{recording.target_duration_s}",
        f"#EXT-X-MEDIA-SEQUENCE:{rendition.segments[0].msn}",
        "#EXT-X-DISCONTINUITY-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        *of_its_kind,
    ]
    return lines_of(*head, *_segment_lines(rendition, lists), "#EXT-X-ENDLIST")


def _segment_lines(rendition: KeptRendition, lists: _Lists) -> Iterator[str]:
    init: int | None = None
    for segment in rendition.segments:
        if segment.discontinuity:
            yield "#EXT-X-DISCONTINUITY"
        if segment.init != init:
            init = segment.init
            yield tag("EXT-X-MAP", URI=Quoted(init_file(init)))
        yield f"#EXT-X-PROGRAM-DATE-TIME:{date_time(segment.program_ns)}"
        if lists.missing(segment):
            yield "#EXT-X-GAP"
        yield f"#EXTINF:{decimal(segment.duration_s)},"
        yield lists.file(segment.msn)
