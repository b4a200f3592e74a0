"""Pure: which renditions a source gets: sizes and bit rates."""

from dataclasses import dataclass
from itertools import pairwise

from infra.ids import RenditionName

HEIGHTS = (1080, 720, 480, 360, 240, 144)  # short edges of the usual players' quality menus
LARGEST_STEP = 0.76  # the next rung's short edge, relative to the one above: closer ones are not worth an encoder
ROUND_BPS = 10_000

# (pixels, bit/s) at 30 frames a second: 144p, 240p, 360p, 480p, 720p, 1080p
_RATES = (
    (256 * 144, 150_000),
    (426 * 240, 300_000),
    (640 * 360, 600_000),
    (854 * 480, 1_200_000),
    (1280 * 720, 2_800_000),
    (1920 * 1080, 5_000_000),
)
_FRAME_RATE_EXPONENT = 0.75  # twice the pictures need 1.7 times the bits: they are more alike


@dataclass(frozen=True, slots=True)
class Rung:
    """One video rendition.

    Attributes:
        name: short edge and ``p``: ``720p``.
        width: pixels, even.
        height: pixels, even.
        bitrate_bps: target and peak of the encoder.
    """

    name: RenditionName
    width: int
    height: int
    bitrate_bps: int


def choose_ladder(width: int, height: int, frame_rate: int, max_rungs: int) -> tuple[Rung, ...]:
    """The rungs of a source, best first: its own size (1080 lines at most) and usual sizes below, never a larger one.

    Args:
        width: of the source in pixels, at least 2.
        height: of the source in pixels, at least 2.
        frame_rate: of the renditions.
        max_rungs: at least 1.
    """
    short_edge = min(width, height, HEIGHTS[0])
    edges = [short_edge - short_edge % 2 or 2]
    for edge in HEIGHTS:
        if len(edges) < max_rungs and edge <= edges[-1] * LARGEST_STEP:
            edges.append(edge)
    return tuple(_rung(width, height, edge, frame_rate) for edge in edges)


def _rung(width: int, height: int, edge: int, frame_rate: int) -> Rung:
    long_edge = max(2, 2 * round(max(width, height) * edge / min(width, height) / 2))
    size = (long_edge, edge) if width >= height else (edge, long_edge)
    return Rung(RenditionName(f"{edge}p"), *size, bitrate_bps(size[0] * size[1], frame_rate))


def bitrate_bps(pixels: int, frame_rate: int) -> int:
    """Bit rate for pictures of so many pixels, in bit/s; linear between the sizes of the table."""
    below, above = next((pair for pair in pairwise(_RATES) if pixels <= pair[1][0]), (_RATES[-2], _RATES[-1]))
    slope = (above[1] - below[1]) / (above[0] - below[0])
    at_30 = max(below[1] + slope * (pixels - below[0]), _RATES[0][1] / 2)
    scaled: float = at_30 * (frame_rate / 30) ** _FRAME_RATE_EXPONENT
    return max(ROUND_BPS, round(scaled / ROUND_BPS) * ROUND_BPS)
