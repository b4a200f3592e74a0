"""Pure: the built-in test pattern: a picture that carries the time it was drawn at, and a beep at every full second.

The time code strip across the top: 32 cells as wide as a 32nd of the picture and as high as a 12th of it, white for 1,
most significant bit first: 24 bits of Unix milliseconds modulo 2**24, then 8 check bits, the exclusive or of the three
bytes and 0xA5.
"""

import math

import numpy as np
from numpy.typing import NDArray

from infra.segment_font import draw_text

Plane = NDArray[np.uint8]  # I420 as PyAV takes it: (3 * height // 2, width)

SAMPLE_RATE = 48_000
CELLS = 32
STRIP_SHARE = 12  # the strip is a 12th of the height
FLASH_MS = 66  # two pictures at 30 fps
BEEP_MS = 50
BEEP_HZ = 1000
_BLACK, _WHITE, _GREY = 16, 235, 60  # limited range
_BARS = (  # Y, Cb, Cr of 75 % colour bars (ITU-R BT.709)
    *((180, 128, 128), (168, 44, 136), (145, 147, 44), (133, 63, 52)),
    *((63, 193, 204), (51, 109, 212), (28, 212, 120), (16, 128, 128)),
)


def time_code(unix_ms: int) -> int:
    """The 32 bits of the strip."""
    code = unix_ms % (1 << 24)
    check = (code >> 16) ^ (code >> 8 & 0xFF) ^ (code & 0xFF) ^ 0xA5
    return code << 8 | check


class Pattern:
    """Draws pictures of one size; each is a new array.

    Args:
        width: of the picture in pixels, even.
        height: of the picture in pixels, even.
    """

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._base = self._draw_base()
        self._edges = [round(cell * width / CELLS) for cell in range(CELLS + 1)]

    def draw(self, unix_ms: int) -> Plane:
        """The picture of an instant."""
        planes = self._base.copy()
        luma = planes[: self._height]
        self._draw_strip(luma, unix_ms)
        self._draw_ball(luma, unix_ms)
        seconds, ms = divmod(unix_ms, 1000)
        clock = f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}"
        size = self._height // 9
        draw_text(luma, clock, top=self._height * 2 // 5, left=self._width // 12, height=size, value=_WHITE)
        if ms < FLASH_MS:
            side = self._height // 6
            luma[-2 * side : -side, -2 * side : -side] = _WHITE
        return planes

    def _draw_base(self) -> Plane:
        width, height = self._width, self._height
        planes = np.full((height * 3 // 2, width), _GREY, np.uint8)
        planes[height:] = 128
        chroma = planes[height:].reshape(2, height // 2, width // 2)
        top, bottom = height // STRIP_SHARE, height // 3
        for bar, (y, cb, cr) in enumerate(_BARS):
            left, right = bar * width // len(_BARS), (bar + 1) * width // len(_BARS)
            planes[top:bottom, left:right] = y
            for plane, value in zip(chroma, (cb, cr), strict=True):
                plane[top // 2 : bottom // 2, left // 2 : right // 2] = value
        return planes

    def _draw_strip(self, luma: Plane, unix_ms: int) -> None:
        code, bottom = time_code(unix_ms), self._height // STRIP_SHARE
        for cell in range(CELLS):
            value = _WHITE if code >> (CELLS - 1 - cell) & 1 else _BLACK
            luma[:bottom, self._edges[cell] : self._edges[cell + 1]] = value

    def _draw_ball(self, luma: Plane, unix_ms: int) -> None:
        """A square that crosses the picture in two seconds: stutter is seen at once."""
        side = self._height // 12
        left = (self._width - side) * (unix_ms % 2000) // 2000
        luma[self._height * 3 // 4 : self._height * 3 // 4 + side, left : left + side] = _WHITE


def beep(unix_ms: float, samples: int) -> NDArray[np.int16]:
    """Stereo sound, shape (samples, 2), of the time that starts at an instant: a beep at every full second."""
    at_ms = unix_ms % 1000 + np.arange(samples) * 1000 / SAMPLE_RATE
    within = at_ms % 1000
    tone = np.sin(within * (2 * math.pi * BEEP_HZ / 1000)) * (within < BEEP_MS) * 8000
    return np.repeat(tone.astype(np.int16)[:, None], 2, axis=1)
