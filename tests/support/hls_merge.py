"""What a player makes of a playlist delta update and the version it has; written from rfc8216bis 6.3.7 alone."""

import re

_SKIP = re.compile(r"#EXT-X-SKIP:SKIPPED-SEGMENTS=(\d+)")


def merge(before: str, update: str) -> str:
    """The whole playlist, but for EXT-X-VERSION, which is that of the update.

    Raises:
        ValueError: the version before lacks what was skipped, so that a player would have to ask for the whole.
    """
    found = _SKIP.search(update)
    if found is None:
        return update
    skipped = int(found[1])
    head, rest = update[: found.start()], update[found.start() :].partition("\n")[2]
    known = _segments(before)
    first = _media_sequence(update)
    missing = [msn for msn in range(first, first + skipped) if msn not in known]
    if missing:
        raise ValueError(f"segments {missing} were skipped and are not known")
    lines = [line for msn in range(first, first + skipped) for line in known[msn]]
    return head + "".join(f"{line}\n" for line in _with_map(known, first, lines)) + rest


def _media_sequence(text: str) -> int:
    return int(text.partition("#EXT-X-MEDIA-SEQUENCE:")[2].partition("\n")[0])


def _segments(text: str) -> dict[int, list[str]]:
    """Lines of whole segments by number, parts left out: they are not listed any more once a segment is skipped."""
    msn, lines = _media_sequence(text), list[str]()
    found: dict[int, list[str]] = {}
    for line in text.partition("#EXT-X-DISCONTINUITY-SEQUENCE:")[2].splitlines()[1:]:
        if not line.startswith("#EXT-X-PART:"):
            lines.append(line)
        if not line.startswith("#"):
            found[msn], lines, msn = lines, [], msn + 1
    return found


def _with_map(known: dict[int, list[str]], first: int, lines: list[str]) -> list[str]:
    """The first segment's init section is told even if it was told with a segment that has left the list."""
    of_segments = {msn: [line for line in known[msn] if line.startswith("#EXT-X-MAP:")] for msn in known}
    if of_segments[first]:
        return lines
    told = [maps[0] for msn, maps in of_segments.items() if msn < first and maps]
    at = 1 if lines[0] == "#EXT-X-DISCONTINUITY" else 0
    return [*lines[:at], told[-1], *lines[at:]]


def with_its_own_version(merged: str) -> str:
    """A merged playlist with the EXT-X-VERSION of its tags: 8 for EXT-X-GAP, 6 for EXT-X-MAP (8)."""
    number = 8 if "#EXT-X-GAP" in merged else 6
    return re.sub(r"#EXT-X-VERSION:\d+", f"#EXT-X-VERSION:{number}", merged, count=1)


def without_version(text: str) -> list[str]:
    """The lines of a playlist but for the one that a delta update has another of."""
    return [line for line in text.splitlines() if not line.startswith("#EXT-X-VERSION:")]
