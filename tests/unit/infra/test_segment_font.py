"""Digits of seven segments."""

import numpy as np
import pytest

from infra.segment_font import draw_text


def drawn(text: str, width: int = 200) -> np.ndarray:
    plane = np.zeros((40, width), np.uint8)
    draw_text(plane, text, top=4, left=4, height=32, value=255)
    return plane


def test_no_two_digits_look_alike() -> None:
    assert len({drawn(digit).tobytes() for digit in "0123456789"}) == 10


@pytest.mark.parametrize("text", ["12:34:56.789", ":", "."])
def test_something_is_drawn_inside_the_given_height(text: str) -> None:
    rows = np.flatnonzero(drawn(text, 400).any(axis=1))
    assert rows.min() >= 4
    assert rows.max() < 36


def test_what_is_outside_the_plane_is_cut_off() -> None:
    assert drawn("0000", width=30).any()
