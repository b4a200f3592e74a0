"""Which moments are shown while seeking, where their tiles lie, and the file that says so."""

from fractions import Fraction

import pytest

from origin.recording import KeptRendition
from origin.thumbnails import choose_poster, choose_tiles, print_webvtt, sheet_grid, tile_size
from support.journal_records import init, read, segment
from support.origin_media import AUDIO, HD, SOUND


def rendition(segments: int, gaps: frozenset[int] = frozenset()) -> KeptRendition:
    """A picture of segments of two seconds, some of them gaps."""
    pictures = (segment(HD, msn, 0 if msn in gaps else 1000) for msn in range(segments))
    sound = (segment(SOUND, msn, timescale=48_000) for msn in range(segments))
    return read(init(HD), *pictures, init(SOUND, track=AUDIO), *sound).renditions[0]


def spans(tiles: int, segments: int, gaps: frozenset[int] = frozenset()) -> list[tuple[int, int, int]]:
    """Chosen tiles as (number of the segment, first second, second after the last)."""
    chosen = choose_tiles(rendition(segments, gaps), tiles)
    return [(each.segment.msn, int(each.start_s), int(each.end_s)) for each in chosen]


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        *(((1280, 720), (160, 90)), ((720, 1280), (90, 160)), ((640, 640), (160, 160)), ((854, 480), (160, 90))),
        *(((4000, 10), (160, 2)), ((0, 0), (2, 2))),
    ],
)
def test_a_tile_keeps_the_shape_of_the_picture_in_even_numbers(
    pixels: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert tile_size(*pixels) == expected


def test_a_short_recording_has_a_tile_for_each_segment() -> None:
    assert spans(600, 3) == [(0, 0, 2), (1, 2, 4), (2, 4, 6)]


def test_a_long_recording_has_tiles_at_even_steps() -> None:
    assert spans(3, 8) == [(0, 0, 6), (3, 6, 12), (6, 12, 16)]


def test_where_there_is_no_media_the_next_one_is_taken_and_the_tile_before_stays() -> None:
    assert spans(3, 8, frozenset({3})) == [(0, 0, 8), (4, 8, 12), (6, 12, 16)]
    assert spans(3, 9, frozenset({3, 4, 5})) == [(0, 0, 12), (6, 12, 18)]


def test_tiles_fill_sheets_row_by_row() -> None:
    tiles = choose_tiles(rendition(112))
    assert [
        (each.sheet, each.column, each.row) for each in (tiles[0], tiles[11], tiles[99], tiles[100], tiles[111])
    ] == [
        (0, 0, 0),
        (0, 1, 1),
        (0, 9, 9),
        (1, 0, 0),
        (1, 1, 1),
    ]


def test_no_recording_has_more_tiles_than_are_worth_it() -> None:
    assert 300 <= len(choose_tiles(rendition(18_000))) <= 600


@pytest.mark.parametrize(("tiles", "grid"), [(1, (1, 1)), (10, (10, 1)), (11, (10, 2)), (100, (10, 10))])
def test_a_sheet_is_as_large_as_its_tiles_need(tiles: int, grid: tuple[int, int]) -> None:
    assert sheet_grid(tiles) == grid


def test_the_poster_is_taken_a_tenth_into_the_recording() -> None:
    assert choose_poster(rendition(40)).msn == 4
    assert choose_poster(rendition(5)).msn == 0
    assert choose_poster(rendition(5, frozenset({2}))).msn == 0


VTT = """\
WEBVTT

00:00:00.000 --> 00:00:02.000
thumbnails-0.jpg#xywh=0,0,160,90

00:00:02.000 --> 00:00:04.000
thumbnails-0.jpg#xywh=160,0,160,90
"""


def test_the_file_names_each_tile_with_its_time() -> None:
    assert print_webvtt(choose_tiles(rendition(2)), (160, 90)) == VTT


def test_times_beyond_an_hour_and_parts_of_a_second_are_written() -> None:
    (made,) = read(init(HD), segment(HD, 0, duration_s=Fraction(36_000_500, 10_000))).renditions
    assert "00:00:00.000 --> 01:00:00.050" in print_webvtt(choose_tiles(made), (160, 90))
