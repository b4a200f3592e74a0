"""Pure: a video rendition's window as a playlist of its I-frames, for seeking and trick play (rfc8216bis 4.4.3.6)."""

from collections.abc import Iterable, Iterator

from origin.model import InitSection, Segment
from origin.names import iframe_file
from origin.playlist_lines import RememberedLines, ending, numbers, opening, promises, reports
from origin.playlist_version import GAP_VERSION, IFRAME_VERSION, PlaylistVersion, skippable_segments
from origin.rendition import Rendition
from origin.tags import decimal, lines_of
from origin.window import Window


class IframePlaylistWriter:
    """Writes the versions of one rendition's I-frame playlist: the first picture of each whole segment.

    It has the segments, numbers and dates of the media playlist, but no parts: a picture stands until the next one.

    Args:
        rendition: one that has a window.
    """

    __slots__ = ("_remembered", "_rendition")

    def __init__(self, rendition: Rendition) -> None:
        self._rendition = rendition
        self._remembered = RememberedLines()

    def write(self, renditions: Iterable[Rendition]) -> PlaylistVersion:
        """The version of now, with reports of the session's media playlists."""
        window = self._rendition.window
        assert window is not None, "a rendition without media has no playlist"
        number = GAP_VERSION if any(not segment.iframe_bytes for segment in window.segments) else IFRAME_VERSION
        head = lines_of(*promises(window), *numbers(window), "#EXT-X-I-FRAMES-ONLY")
        tail = lines_of(*reports(renditions), *ending(window))
        return PlaylistVersion(number, head, tuple(self._segments(window)), skippable_segments(window), tail)

    def _segments(self, window: Window) -> Iterator[str]:
        self._remembered.forget(window.media_sequence)
        before: InitSection | None = None
        for segment in window.segments:
            yield self._lines(segment, before)
            before = segment.init

    def _lines(self, segment: Segment, before: InitSection | None) -> str:
        if before is None:
            return _lines(segment, before)
        return self._remembered.of(segment.msn, lambda: _lines(segment, before))


def _lines(segment: Segment, before: InitSection | None) -> str:
    missing = () if segment.iframe_bytes else ("#EXT-X-GAP",)
    return lines_of(
        *opening(segment, before), *missing, f"#EXTINF:{decimal(segment.duration_s)},", iframe_file(segment.msn)
    )
