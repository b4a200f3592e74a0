"""Pure: a rendition's window as a media playlist (rfc8216bis 4.4.3-4.4.5).

The full playlist is written; delta updates (EXT-X-SKIP) would replace the oldest lines of `_segment_lines`, and
CAN-SKIP-UNTIL is not advertised until they do.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from origin.model import InitSection, Part, Segment
from origin.names import init_file, part_file, segment_file, sibling_uri
from origin.rendition import Rendition
from origin.tags import Quoted, date_time, decimal, rounded_up, tag
from origin.window import OpenSegment, Targets, Window

VERSION = 6  # EXT-X-MAP without I-FRAMES-ONLY needs it (rfc8216bis 8)
_GAP_VERSION = 8  # Apple's table of versions counts EXT-X-GAP among them, and strict readers hold to it
_PART_TARGET_DECIMALS = 5
_HOLD_BACK_DECIMALS = 3


def media_playlist(rendition: Rendition, others: Iterable[Rendition]) -> str:
    """The playlist of a rendition that has a window, with reports of the session's other renditions."""
    window = rendition.window
    assert window is not None, "a rendition without media has no playlist"
    lines = [*_head(window.targets, window), *_segment_lines(window), *_tail(rendition, window), *_reports(others)]
    if window.ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join((*lines, ""))


def _head(targets: Targets, window: Window) -> list[str]:
    """The version, the tags whose values never change, then the two that number the list."""
    part_target = rounded_up(targets.part_target_s, _PART_TARGET_DECIMALS)
    part_hold_back = rounded_up(max(3 * part_target, targets.part_hold_back_s), _HOLD_BACK_DECIMALS)
    control = tag(
        "EXT-X-SERVER-CONTROL",
        CAN_BLOCK_RELOAD="YES",
        PART_HOLD_BACK=decimal(part_hold_back, _HOLD_BACK_DECIMALS),
        HOLD_BACK=decimal(Fraction(targets.hold_back_s), _HOLD_BACK_DECIMALS),
    )
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_GAP_VERSION if any(segment.gap for segment in window.segments) else VERSION}",
        f"#EXT-X-TARGETDURATION:{targets.target_duration_s}",
        control,
        tag("EXT-X-PART-INF", PART_TARGET=decimal(part_target, _PART_TARGET_DECIMALS)),
        f"#EXT-X-MEDIA-SEQUENCE:{window.media_sequence}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{window.discontinuity_sequence}",
    ]


def _segment_lines(window: Window) -> Iterator[str]:
    behind_s = window.listed_s
    if window.open:
        behind_s += Fraction(window.open.duration_ticks, window.open.init.track.timescale)
    before: InitSection | None = None
    following = len(window.segments) + 1  # the open one, or the one that is hinted at
    for segment in window.segments:
        behind_s -= segment.duration_s
        following -= 1
        yield from _opening(segment, before)
        if window.lists_parts_of(segment, behind_s, following):
            yield from _parts(segment.parts, segment.init.track.timescale)
        if segment.gap:
            yield "#EXT-X-GAP"
        yield f"#EXTINF:{decimal(segment.duration_s)},"
        yield segment_file(segment.msn)
        before = segment.init
    if window.open:
        yield from _opening(window.open, before)
        yield from _parts(window.open.parts, window.open.init.track.timescale)


def _opening(segment: Segment | OpenSegment, before: InitSection | None) -> Iterator[str]:
    """What stands before a segment's first part (rfc8216bis 4.4.4.9)."""
    if segment.discontinuity:
        yield "#EXT-X-DISCONTINUITY"
    if before is None or before.number != segment.init.number:
        yield tag("EXT-X-MAP", URI=Quoted(init_file(segment.init.number)))
    yield f"#EXT-X-PROGRAM-DATE-TIME:{date_time(segment.program_ns)}"


def _parts(parts: Iterable[Part], timescale: int) -> Iterator[str]:
    for part in parts:
        yield tag(
            "EXT-X-PART",
            DURATION=decimal(Fraction(part.duration_ticks, timescale)),
            URI=Quoted(part_file(part.number)),
            INDEPENDENT="YES" if part.independent else None,
        )


def _tail(rendition: Rendition, window: Window) -> Iterator[str]:
    """What comes next (rfc8216bis 4.4.5.3); nothing after the end."""
    if window.ended:
        return
    newest = window.open.init if window.open else window.segments[-1].init if window.segments else None
    if rendition.init and newest and rendition.init.number != newest.number:
        yield tag("EXT-X-PRELOAD-HINT", TYPE="MAP", URI=Quoted(init_file(rendition.init.number)))
    yield tag("EXT-X-PRELOAD-HINT", TYPE="PART", URI=Quoted(part_file(window.next_part)))


def _reports(others: Iterable[Rendition]) -> Iterator[str]:
    """Where the other renditions are (rfc8216bis 4.4.5.4)."""
    for other in others:
        if other.window and (last := other.window.last_part):
            yield tag(
                "EXT-X-RENDITION-REPORT", URI=Quoted(sibling_uri(other.name)), LAST_MSN=last[0], LAST_PART=last[1]
            )
