"""Pure: which moments of a recording are shown while seeking: tiles on sheets, and the WebVTT file that names them."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from origin.names import sheet_file
from origin.recording import KeptRendition, KeptSegment

TILE_PX = 160  # the longer side
COLUMNS, ROWS = 10, 10  # of a full sheet
TILES_PER_SHEET = COLUMNS * ROWS
MAX_TILES = 600  # six sheets, about 2 MB; each costs one read of an I-frame and 3 ms
_POSTER_AT = Fraction(1, 10)  # of the length: broadcasts begin with black or with a waiting picture
_MS_PER_S = 1000


@dataclass(frozen=True, slots=True)
class Tile:
    """One small picture.

    Attributes:
        segment: whose first picture it is.
        start_s: from here on it is shown.
        end_s: up to here.
        sheet: number of its sheet.
        column: on the sheet.
        row: on the sheet.
    """

    segment: KeptSegment
    start_s: Fraction
    end_s: Fraction
    sheet: int
    column: int
    row: int


def tile_size(width: int, height: int) -> tuple[int, int]:
    """Size of a tile for pictures of this size, in pixels: even, the longer side 160."""
    longer = max(width, height, 1)
    return max(2, round(width * TILE_PX / longer / 2) * 2), max(2, round(height * TILE_PX / longer / 2) * 2)


def choose_tiles(rendition: KeptRendition, max_tiles: int = MAX_TILES) -> list[Tile]:
    """Tiles at even steps of whole segments; where there is no media, the tile before stays longer."""
    stride = max(1, -(-len(rendition.segments) // max_tiles))
    chosen: list[tuple[KeptSegment, Fraction]] = []
    at_s = Fraction(0)
    wanted = 0  # index from which on the next one is taken
    for index, segment in enumerate(rendition.segments):
        if index >= wanted and not segment.gap:
            chosen.append((segment, at_s if chosen else Fraction(0)))
            wanted = index - index % stride + stride
        at_s += segment.duration_s
    ends = [start_s for _, start_s in chosen[1:]] + [at_s]
    return [
        Tile(
            *(segment, start_s, end_s),
            number // TILES_PER_SHEET,
            number % TILES_PER_SHEET % COLUMNS,
            number % TILES_PER_SHEET // COLUMNS,
        )
        for number, ((segment, start_s), end_s) in enumerate(zip(chosen, ends, strict=True))
    ]


def choose_poster(rendition: KeptRendition) -> KeptSegment:
    """The segment whose first picture stands for the whole: the one with media a tenth into it, or the next."""
    media = rendition.media
    return media[int(len(media) * _POSTER_AT)]


def sheet_grid(tiles: int) -> tuple[int, int]:
    """Columns and rows of a sheet of so many tiles, at least one."""
    return min(tiles, COLUMNS), -(-tiles // COLUMNS)


def print_webvtt(tiles: Sequence[Tile], size: tuple[int, int]) -> str:
    """The WebVTT file: one cue a tile, its text the sheet and the rectangle on it (Media Fragments 4.2.2)."""
    width, height = size
    cues = [
        f"{_time(tile.start_s)} --> {_time(tile.end_s)}\n"
        f"{sheet_file(tile.sheet)}#xywh={tile.column * width},{tile.row * height},{width},{height}\n"
        for tile in tiles
    ]
    return "\n".join(("WEBVTT\n", *cues))


def _time(seconds: Fraction) -> str:
    ms = round(seconds * _MS_PER_S)
    minutes, ms = divmod(ms, 60 * _MS_PER_S)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{ms // _MS_PER_S:02d}.{ms % _MS_PER_S:03d}"
