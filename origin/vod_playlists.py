"""Pure: the playlists of a recording (rfc8216bis 4.4.3.5): nothing in them ever changes, all URIs are relative."""

from collections.abc import Iterator

from origin.media_playlist import VERSION
from origin.multivariant import multivariant_playlist
from origin.names import init_file, segment_file
from origin.recording import KeptRendition, Recording
from origin.tags import Quoted, date_time, decimal, tag

_GAP_VERSION = 8  # as in live playlists


def vod_index(recording: Recording) -> str:
    """The multivariant playlist; its bit rates are measured."""
    return multivariant_playlist(None, recording.renditions)


def vod_playlist(recording: Recording, rendition: KeptRendition) -> str:
    """The media playlist of one rendition."""
    gaps = any(segment.gap for segment in rendition.segments)
    head = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_GAP_VERSION if gaps else VERSION}",
        f"#EXT-X-TARGETDURATION:{recording.target_duration_s}",
        f"#EXT-X-MEDIA-SEQUENCE:{rendition.segments[0].msn}",
        "#EXT-X-DISCONTINUITY-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    return "\n".join((*head, *_segment_lines(rendition), "#EXT-X-ENDLIST", ""))


def _segment_lines(rendition: KeptRendition) -> Iterator[str]:
    init: int | None = None
    for segment in rendition.segments:
        if segment.discontinuity:
            yield "#EXT-X-DISCONTINUITY"
        if segment.init != init:
            init = segment.init
            yield tag("EXT-X-MAP", URI=Quoted(init_file(init)))
        yield f"#EXT-X-PROGRAM-DATE-TIME:{date_time(segment.program_ns)}"
        if segment.gap:
            yield "#EXT-X-GAP"
        yield f"#EXTINF:{decimal(segment.duration_s)},"
        yield segment_file(segment.msn)
