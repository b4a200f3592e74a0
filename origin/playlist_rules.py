"""Pure: what one version of a live media playlist must be, whatever was before it.

Written from the text of rfc8216bis; the clause stands in brackets behind each complaint.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from fractions import Fraction

from origin.listed import Listed, ListedSegment

_OVERLAP_S = 1  # clock drift that is tolerated between a segment's end and the next one's date (6.2.1)
_ROUNDING_S = Fraction(2, 1_000_000)  # of one printed duration
_SHORTEST_PART = Fraction(85, 100)  # of the part target (4.4.4.9)
_NOTHING: AbstractSet[int] = frozenset()


def judge(listed: Listed, proven: AbstractSet[int] = _NOTHING) -> list[str]:
    """What is wrong with one version.

    Args:
        listed: the version.
        proven: media sequence numbers of segments that were judged before with the one before them and are the same.
    """
    return [
        *listed.complaints,
        *_head(listed),
        *_control(listed),
        *_segments(listed, proven),
        *_parts(listed, proven),
        *_tail(listed),
    ]


def _head(listed: Listed) -> Iterable[str]:
    if listed.target_s < 1 or listed.target_s.denominator != 1:
        yield "TARGETDURATION is no integer of at least 1 [4.4.3.1]"
    for name in ("MEDIA-SEQUENCE", "DISCONTINUITY-SEQUENCE"):
        if name not in listed.single:
            yield f"EXT-X-{name} is missing [6.2.2]"
    needed = _version(listed)
    if listed.single.get("VERSION") != str(needed):
        yield f"VERSION is {listed.single.get('VERSION')}, needed is {needed} [8]"
    if "PLAYLIST-TYPE" in listed.single:
        yield "a sliding window has no PLAYLIST-TYPE [6.2.1]"


def _control(listed: Listed) -> Iterable[str]:
    control = listed.server_control
    if control.get("CAN-BLOCK-RELOAD") != "YES":
        yield "CAN-BLOCK-RELOAD is not advertised [B.1]"
    if Fraction(control.get("HOLD-BACK", "0")) < 3 * listed.target_s:
        yield "HOLD-BACK is below three target durations [4.4.3.8]"
    if Fraction(control.get("CAN-SKIP-UNTIL", "0")) < 6 * listed.target_s:
        yield "CAN-SKIP-UNTIL is below six target durations [4.4.3.8]"
    if listed.part_target_s == 0 and not listed.iframes_only:
        yield "EXT-X-PART-INF is missing [4.4.3.7]"
    if Fraction(control.get("PART-HOLD-BACK", "0")) < 3 * listed.part_target_s:
        yield "PART-HOLD-BACK is below three part targets [4.4.3.8]"


def _version(listed: Listed) -> int:
    """The lowest that the tags need; Apple's table counts EXT-X-GAP among them (8)."""
    needed = {
        "RECENTLY-REMOVED-DATERANGES": 10 if "RECENTLY-REMOVED-DATERANGES" in listed.skip else 0,
        "SKIP": 9 if listed.skip else 0,
        "GAP": 8 if any(segment.gap for segment in listed.segments) else 0,
        "MAP": 5 if listed.iframes_only else 6,
    }
    return max(needed.values())


def _segments(listed: Listed, proven: AbstractSet[int]) -> Iterable[str]:
    before: ListedSegment | None = None
    for segment in listed.all_segments:
        if segment.msn not in proven:
            yield from _segment(listed, segment, before)
        before = segment


def _segment(listed: Listed, segment: ListedSegment, before: ListedSegment | None) -> Iterable[str]:
    if round(segment.length_s) > listed.target_s:
        yield f"segment {segment.msn} of {float(segment.length_s)} s is above the target duration [4.4.3.1]"
    if not segment.map_uri and not listed.skip:  # a delta update has left it out
        yield f"segment {segment.msn} has no EXT-X-MAP [3.1.2]"
    if segment.date is None:
        yield f"segment {segment.msn} has no date [B.1]"
    elif before and before.date and not segment.discontinuity:
        apart_s = (segment.date - before.date).total_seconds() - float(before.length_s)
        if abs(apart_s) > _OVERLAP_S:
            yield f"segment {segment.msn} is dated {apart_s:.3f} s off the end of the one before [6.2.1]"
    if before and segment.map_uri != before.map_uri and not segment.discontinuity:
        yield f"segment {segment.msn} has another EXT-X-MAP but no discontinuity [4.4.4.3]"
    parts_s = sum((part.duration_s for part in segment.parts), Fraction(0))
    if segment.uri and segment.parts and abs(parts_s - segment.duration_s) > _ROUNDING_S * len(segment.parts):
        yield f"segment {segment.msn} lasts {float(segment.duration_s)} s, its parts {float(parts_s)} s [3.2]"
    if segment.uri and any(part.gap for part in segment.parts) and not segment.gap:
        yield f"segment {segment.msn} has lost a part but no EXT-X-GAP [4.4.4.7]"
    if segment.uri and segment.parts and not segment.gap and not any(part.independent for part in segment.parts):
        yield f"segment {segment.msn} has no independent part [B.1]"


def _parts(listed: Listed, proven: AbstractSet[int]) -> Iterable[str]:
    behind_s = Fraction(0)  # from the end of the list
    oldest = next((index for index, segment in enumerate(listed.all_segments) if segment.parts), len(listed.segments))
    for segment in reversed(listed.all_segments[oldest:]):
        if segment.parts and behind_s > 3 * listed.target_s:
            yield f"parts of segment {segment.msn} are {float(behind_s)} s from the end [6.2.2]"
        behind_s += segment.length_s
        if segment.parts and listed.iframes_only:
            yield f"segment {segment.msn} of single pictures has parts [4.4.4.9]"
        if segment.msn not in proven:
            yield from _parts_of(segment, listed.part_target_s)


def _parts_of(segment: ListedSegment, part_target_s: Fraction) -> Iterable[str]:
    for index, part in enumerate(segment.parts):
        if part.duration_s > part_target_s:
            yield f"part {part.uri} of {float(part.duration_s)} s is above the part target [4.4.4.9]"
        following = segment.parts[index + 1] if index + 1 < len(segment.parts) else None
        last = following is None or following.gap  # of an open segment it may yet turn out to be the last one
        if part.duration_s < _SHORTEST_PART * part_target_s and not (part.independent or part.gap or last):
            yield f"part {part.uri} of {float(part.duration_s)} s is below 85 % of the part target [4.4.4.9]"


def _tail(listed: Listed) -> Iterable[str]:
    kinds = [hint.get("TYPE") for hint in listed.hints]
    if len(set(kinds)) != len(kinds):
        yield "two hints of one type [4.4.5.3]"
    if listed.ended and kinds:
        yield "a hint, but nothing follows [4.4.5.3]"
    if not listed.ended and not listed.iframes_only and "PART" not in kinds:
        yield "no hint of the next part [B.1]"
    if listed.skip and listed.ended:
        yield "segments are skipped, but nothing follows [6.2.5.1]"
    for report in listed.reports:
        if ":" in report.get("URI", ":"):
            yield f"report of {report.get('URI')} is not relative [4.4.5.4]"
        if not {"LAST-MSN", "LAST-PART"} <= set(report):
            yield f"report of {report.get('URI')} lacks LAST-MSN or LAST-PART [4.4.5.4]"
    if len({report.get("URI") for report in listed.reports}) != len(listed.reports):
        yield "two reports of one rendition [4.4.5.4]"
