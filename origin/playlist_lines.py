"""Pure: the lines that media playlists and I-frame playlists share (rfc8216bis 4.4.3-4.4.5)."""

from collections.abc import Callable, Iterable, Iterator

from origin.model import InitSection, Segment
from origin.names import init_file, sibling_uri
from origin.playlist_version import server_control
from origin.rendition import Rendition
from origin.tags import Quoted, date_time, tag
from origin.window import OpenSegment, Window


class RememberedLines:
    """Lines of whole segments that will not be written otherwise as long as they are listed, by number."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[int, str] = {}  # oldest first

    def of(self, msn: int, write: Callable[[], str]) -> str:
        """The lines of a segment, written at the first time."""
        if msn not in self._known:
            self._known[msn] = write()
        return self._known[msn]

    def forget(self, media_sequence: int) -> None:
        """Segments up to this number: not listed any more, or the first one, which states its init section."""
        while self._known and (oldest := next(iter(self._known))) <= media_sequence:
            del self._known[oldest]

    def __len__(self) -> int:
        return len(self._known)


def promises(window: Window) -> Iterator[str]:
    """The tags whose values never change, the same in all playlists of a session."""
    yield f"#EXT-X-TARGETDURATION:{window.targets.target_duration_s}"
    yield server_control(window.targets)


def numbers(window: Window) -> Iterator[str]:
    """The two tags that number the list."""
    yield f"#EXT-X-MEDIA-SEQUENCE:{window.media_sequence}"
    yield f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuity_sequence}"


def opening(segment: Segment | OpenSegment, before: InitSection | None) -> Iterator[str]:
    """What stands before a segment's first part (rfc8216bis 4.4.4.9)."""
    if segment.discontinuity:
        yield "#EXT-X-DISCONTINUITY"
    if before is None or before.number != segment.init.number:
        yield tag("EXT-X-MAP", URI=Quoted(init_file(segment.init.number)))
    yield f"#EXT-X-PROGRAM-DATE-TIME:{date_time(segment.program_ns)}"


def reports(renditions: Iterable[Rendition]) -> Iterator[str]:
    """Where other media playlists are (rfc8216bis 4.4.5.4)."""
    for rendition in renditions:
        if rendition.window and (last := rendition.window.last_part):
            uri = Quoted(sibling_uri(rendition.name))
            yield tag("EXT-X-RENDITION-REPORT", URI=uri, LAST_MSN=last[0], LAST_PART=last[1])


def ending(window: Window) -> Iterator[str]:
    """EXT-X-ENDLIST, if nothing follows."""
    if window.ended:
        yield "#EXT-X-ENDLIST"
