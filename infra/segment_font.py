"""Pure: digits in seven segments, drawn into a picture: a clock that people can read, without a font."""

import numpy as np
from numpy.typing import NDArray

_SEGMENTS = {  # top, top left, top right, middle, bottom left, bottom right, bottom
    "0": "1110111",
    "1": "0010010",
    "2": "1011101",
    "3": "1011011",
    "4": "0111010",
    "5": "1101011",
    "6": "1101111",
    "7": "1010010",
    "8": "1111111",
    "9": "1111011",
}
_DOTS = {":": (1 / 3, 2 / 3), ".": (1.0,)}  # where, from the top


def draw_text(plane: NDArray[np.uint8], text: str, *, top: int, left: int, height: int, value: int) -> None:
    """Draw digits, ``:`` and ``.`` into a plane; what is outside it is cut off."""
    stroke = max(1, height // 8)
    width = height * 5 // 8
    for character in text:
        if character in _DOTS:
            for share in _DOTS[character]:
                at = top + round((height - stroke) * share)
                plane[at : at + stroke, left : left + stroke] = value
            left += 3 * stroke
        else:
            _draw_digit(plane[top : top + height, left : left + width], _SEGMENTS[character], stroke, value)
            left += width + stroke


def _draw_digit(box: NDArray[np.uint8], segments: str, stroke: int, value: int) -> None:
    middle = box.shape[0] // 2
    parts = (
        box[:stroke],
        box[:middle, :stroke],
        box[:middle, -stroke:],
        box[middle - stroke // 2 : middle - stroke // 2 + stroke],
        box[middle:, :stroke],
        box[middle:, -stroke:],
        box[-stroke:],
    )
    for part, on in zip(parts, segments, strict=True):
        if on == "1":
            part[:] = value
