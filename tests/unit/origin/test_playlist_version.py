from fractions import Fraction

import pytest

from origin.directives import Skip
from origin.playlist_version import PlaylistVersion, part_target, server_control, skippable_segments
from origin.window import Window
from support.origin_media import fill, open_part, targets

HEAD, TAIL = "#HEAD\n", "#TAIL\n"
SEGMENTS = ("a\n", "b\n", "c\n")


def test_the_whole_states_no_higher_version_than_its_tags_need() -> None:
    version = PlaylistVersion(6, HEAD, SEGMENTS, 2, TAIL)
    assert version.text(Skip.NOTHING) == "#EXTM3U\n#EXT-X-VERSION:6\n#HEAD\na\nb\nc\n#TAIL\n"


@pytest.mark.parametrize("number", [6, 8])
def test_an_update_replaces_the_oldest_segments_by_their_number(number: int) -> None:
    version = PlaylistVersion(number, HEAD, SEGMENTS, 2, TAIL)
    assert version.text(Skip.SEGMENTS) == (
        "#EXTM3U\n#EXT-X-VERSION:9\n#HEAD\n#EXT-X-SKIP:SKIPPED-SEGMENTS=2\nc\n#TAIL\n"
    )


def test_an_update_that_may_leave_date_ranges_out_says_which_were_removed() -> None:
    version = PlaylistVersion(6, HEAD, SEGMENTS, 1, TAIL)
    assert version.text(Skip.DATE_RANGES_TOO) == (
        "#EXTM3U\n#EXT-X-VERSION:10\n#HEAD\n"
        '#EXT-X-SKIP:SKIPPED-SEGMENTS=1,RECENTLY-REMOVED-DATERANGES=""\nb\nc\n#TAIL\n'
    )


@pytest.mark.parametrize("skip", list(Skip))
def test_where_nothing_can_be_left_out_the_whole_is_the_answer(skip: Skip) -> None:
    version = PlaylistVersion(6, HEAD, SEGMENTS, 0, TAIL)
    assert version.text(skip) == version.text(Skip.NOTHING)


@pytest.mark.parametrize(("segments", "skippable"), [(0, 0), (6, 0), (7, 0), (8, 1), (9, 2), (20, 13)])
def test_segments_that_end_beyond_the_skip_boundary_can_be_left_out(segments: int, skippable: int) -> None:
    """Of 2 s each, the boundary at 12 s: the seventh from the end ends on it, so only those before it are beyond."""
    window = Window(targets(window_s=60), 0, 0)
    fill(window, segments)
    assert skippable_segments(window) == skippable


def test_the_open_segment_does_not_move_the_boundary() -> None:
    window = Window(targets(window_s=60), 0, 0)
    fill(window, 8)
    open_part(window, 5)
    assert skippable_segments(window) == 1


def test_after_the_end_nothing_is_left_out() -> None:
    window = Window(targets(window_s=60), 0, 0)
    fill(window, 20)
    window.end()
    assert skippable_segments(window) == 0


def test_what_the_server_promises_is_one_line() -> None:
    promised = targets()
    assert server_control(promised) == (
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.000,PART-HOLD-BACK=1.025,HOLD-BACK=6.000"
    )
    assert part_target(promised) == "0.34134"
    assert Fraction("0.34134") >= promised.part_target_s
