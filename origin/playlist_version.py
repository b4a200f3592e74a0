"""Pure: one version of a media playlist: whole, or as an update for players who have the older segments.

A playlist delta update is the whole playlist with the lines of its oldest segments replaced by EXT-X-SKIP (rfc8216bis
4.4.5.2, 6.2.5.1). Both are put together from the same lines, so that an update merged into the version before it can
only give the whole.
"""

from dataclasses import dataclass
from fractions import Fraction

from origin.directives import Skip
from origin.tags import Quoted, decimal, rounded_up, tag
from origin.window import Targets, Window

VERSION = 6  # EXT-X-MAP in a playlist of whole segments needs it (rfc8216bis 8)
GAP_VERSION = 8  # Apple's table of versions counts EXT-X-GAP among them, and strict readers hold to it
IFRAME_VERSION = 5  # EXT-X-MAP in a playlist of I-frames needs no more (rfc8216bis 8)
_SKIP_VERSION = 9  # EXT-X-SKIP
_SKIP_DATES_VERSION = 10  # RECENTLY-REMOVED-DATERANGES
_PART_TARGET_DECIMALS = 5
_SECONDS_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class PlaylistVersion:
    """The lines of one version; every text in it ends its last line.

    Attributes:
        number: EXT-X-VERSION of the whole.
        head: what stands before the first segment.
        segments: the lines of each segment, oldest first; the last one may be open.
        skippable: how many of the oldest segments an update leaves out.
        tail: what stands behind the last segment.
    """

    number: int
    head: str
    segments: tuple[str, ...]
    skippable: int
    tail: str

    def text(self, skip: Skip) -> str:
        """The playlist as it was asked for; the whole if nothing can be left out of it."""
        head, segments, tail = self.lines(skip)
        return "".join(("#EXTM3U\n", head, *segments, tail))

    def lines(self, skip: Skip) -> tuple[str, tuple[str, ...], str]:
        """The same as (lines before, of each segment, and behind the last one), without the first line."""
        if skip is Skip.NOTHING or not self.skippable:
            return f"#EXT-X-VERSION:{self.number}\n{self.head}", self.segments, self.tail
        if skip is Skip.SEGMENTS:
            number, skipped = _SKIP_VERSION, tag("EXT-X-SKIP", SKIPPED_SEGMENTS=self.skippable)
        else:  # no date range is ever listed, so none was removed; the attribute must be there all the same
            number = _SKIP_DATES_VERSION
            skipped = tag("EXT-X-SKIP", SKIPPED_SEGMENTS=self.skippable, RECENTLY_REMOVED_DATERANGES=Quoted(""))
        return f"#EXT-X-VERSION:{number}\n{self.head}{skipped}\n", self.segments[self.skippable :], self.tail


def part_target(targets: Targets) -> str:
    """PART-TARGET: rounded up, so that no part is longer than what is printed."""
    return decimal(_printed_part_target(targets), _PART_TARGET_DECIMALS)


def server_control(targets: Targets) -> str:
    """EXT-X-SERVER-CONTROL: one line for all media playlists of a session (rfc8216bis 6.2.4)."""
    part_hold_back = max(3 * _printed_part_target(targets), targets.part_hold_back_s)
    return tag(
        "EXT-X-SERVER-CONTROL",
        CAN_BLOCK_RELOAD="YES",
        CAN_SKIP_UNTIL=decimal(Fraction(targets.skip_until_s), _SECONDS_DECIMALS),
        PART_HOLD_BACK=decimal(rounded_up(part_hold_back, _SECONDS_DECIMALS), _SECONDS_DECIMALS),
        HOLD_BACK=decimal(Fraction(targets.hold_back_s), _SECONDS_DECIMALS),
    )


def skippable_segments(window: Window) -> int:
    """How many segments lie further from the end of the last one than the skip boundary (rfc8216bis 4.4.3.8).

    They are counted from the newest, so that a long window costs no more than a short one.
    """
    if window.ended:
        return 0
    behind_s = Fraction(0)
    for count, segment in enumerate(reversed(window.segments)):
        if behind_s > window.targets.skip_until_s:
            return len(window.segments) - count
        behind_s += segment.duration_s
    return 0


def _printed_part_target(targets: Targets) -> Fraction:
    return rounded_up(targets.part_target_s, _PART_TARGET_DECIMALS)
