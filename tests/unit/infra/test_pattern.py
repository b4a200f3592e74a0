"""The test pattern carries its time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.pattern import CELLS, SAMPLE_RATE, Pattern, beep, time_code

SECOND_MS = 1_700_000_000_000


def read_strip(planes: np.ndarray, height: int) -> int:
    """The strip as a player reads it: the middle of each cell, brighter than grey or not."""
    luma = planes[:height]
    width = luma.shape[1]
    row = luma[height // 24]
    bits = [int(row[round((cell + 0.5) * width / CELLS)] > 128) for cell in range(CELLS)]
    return int("".join("01"[bit] for bit in bits), 2)


def test_the_time_code_is_24_bits_of_milliseconds_and_their_check() -> None:
    assert time_code(0x123456) == 0x123456_00 | (0x12 ^ 0x34 ^ 0x56 ^ 0xA5)
    assert time_code((1 << 24) + 1) == time_code(1)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 360), (854, 480), (320, 180), (64, 48)])
@given(unix_ms=st.integers(0, 1 << 42))
def test_the_strip_can_be_read_at_every_size(width: int, height: int, unix_ms: int) -> None:
    planes = Pattern(width, height).draw(unix_ms)
    assert planes.shape == (height * 3 // 2, width)
    assert read_strip(planes, height) == time_code(unix_ms)


def test_it_flashes_at_every_full_second() -> None:
    pattern = Pattern(320, 180)
    flash, dark = pattern.draw(SECOND_MS + 10), pattern.draw(SECOND_MS + 500)
    assert flash[130, 270] == 235
    assert dark[130, 270] != 235


def test_two_pictures_do_not_share_memory() -> None:
    pattern = Pattern(320, 180)
    assert not np.shares_memory(pattern.draw(0), pattern.draw(1))


def test_it_beeps_for_the_first_50_ms_of_every_second() -> None:
    sound = beep(SECOND_MS - 10, SAMPLE_RATE // 10)
    assert sound.shape == (SAMPLE_RATE // 10, 2)
    loud = np.flatnonzero(np.abs(sound[:, 0]) > 100)
    assert loud[0] == pytest.approx(0.010 * SAMPLE_RATE, abs=10)
    assert loud[-1] == pytest.approx(0.060 * SAMPLE_RATE, abs=30)


def test_consecutive_sound_is_continuous() -> None:
    whole = beep(SECOND_MS, 1920)
    halves = np.concatenate((beep(SECOND_MS, 960), beep(SECOND_MS + 20, 960)))
    assert np.abs(whole.astype(int) - halves).max() <= 1
