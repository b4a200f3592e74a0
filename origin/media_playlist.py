"""Pure: a rendition's window as a media playlist (rfc8216bis 4.4.3-4.4.5)."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from origin.directives import Skip
from origin.model import InitSection, Part, Segment
from origin.names import init_file, part_file, segment_file
from origin.playlist_lines import RememberedLines, ending, numbers, opening, promises, reports
from origin.playlist_version import GAP_VERSION, VERSION, PlaylistVersion, part_target, skippable_segments
from origin.rendition import Rendition
from origin.tags import Quoted, decimal, lines_of, tag
from origin.window import Window


def media_playlist(rendition: Rendition, others: Iterable[Rendition], skip: Skip = Skip.NOTHING) -> str:
    """The playlist of a rendition that has a window, with reports of the session's other renditions."""
    return MediaPlaylistWriter(rendition).write(others).text(skip)


class MediaPlaylistWriter:
    """Writes the versions of one rendition's playlist; the lines of segments that stand fast are written once.

    Args:
        rendition: one that has a window.
    """

    __slots__ = ("_remembered", "_rendition")

    def __init__(self, rendition: Rendition) -> None:
        self._rendition = rendition
        self._remembered = RememberedLines()

    def write(self, others: Iterable[Rendition]) -> PlaylistVersion:
        """The version of now, with reports of the session's other renditions."""
        window = self._rendition.window
        assert window is not None, "a rendition without media has no playlist"
        number = GAP_VERSION if any(segment.gap for segment in window.segments) else VERSION
        part_inf = tag("EXT-X-PART-INF", PART_TARGET=part_target(window.targets))
        head = lines_of(*promises(window), part_inf, *numbers(window))
        tail = lines_of(*_hints(self._rendition, window), *reports(others), *ending(window))
        return PlaylistVersion(number, head, tuple(self._segments(window)), skippable_segments(window), tail)

    def _segments(self, window: Window) -> Iterator[str]:
        self._remembered.forget(window.media_sequence)
        with_parts = window.first_msn_with_parts
        before: InitSection | None = None
        for segment in window.segments:
            yield self._whole(segment, before, with_parts=segment.msn >= with_parts)
            before = segment.init
        if window.open:
            parts = _parts(window.open.parts, window.open.init.track.timescale)
            yield lines_of(*opening(window.open, before), *parts)

    def _whole(self, segment: Segment, before: InitSection | None, *, with_parts: bool) -> str:
        """The lines of a finished segment; they stand fast between its first place in the list and its newest ones."""
        if before is None or with_parts:
            return _whole(segment, before, with_parts=with_parts)
        return self._remembered.of(segment.msn, lambda: _whole(segment, before, with_parts=False))


def _whole(segment: Segment, before: InitSection | None, *, with_parts: bool) -> str:
    lines = list(opening(segment, before))
    if with_parts:
        lines += _parts(segment.parts, segment.init.track.timescale)
    if segment.gap:
        lines.append("#EXT-X-GAP")  # behind the parts: strict readers take those behind it for lost
    return lines_of(*lines, f"#EXTINF:{decimal(segment.duration_s)},", segment_file(segment.msn))


def _parts(parts: Iterable[Part], timescale: int) -> Iterator[str]:
    for part in parts:
        yield tag(
            "EXT-X-PART",
            DURATION=decimal(Fraction(part.duration_ticks, timescale)),
            URI=Quoted(part_file(part.number)),
            INDEPENDENT="YES" if part.independent else None,
            GAP="YES" if part.gap else None,
        )


def _hints(rendition: Rendition, window: Window) -> Iterator[str]:
    """What comes next (rfc8216bis 4.4.5.3); nothing after the end."""
    if window.ended:
        return
    newest = window.open.init if window.open else window.segments[-1].init if window.segments else None
    if rendition.init and newest and rendition.init.number != newest.number:
        yield tag("EXT-X-PRELOAD-HINT", TYPE="MAP", URI=Quoted(init_file(rendition.init.number)))
    yield tag("EXT-X-PRELOAD-HINT", TYPE="PART", URI=Quoted(part_file(window.next_part)))
