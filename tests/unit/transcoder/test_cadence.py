import random
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.cadence import MAX_FILL_S, Cadence
from transcoder.errors import TimelineBroken
from transcoder.timeline import Timeline

FRAME_NS = 33_333_333
EPOCH_NS = 10**18


def cadence() -> Cadence:
    return Cadence(Timeline(EPOCH_NS, 30), EPOCH_NS)


def placed(captures_ns: Iterable[int]) -> tuple[int, int]:
    """How many pictures are dropped and how many slots repeated."""
    grid = cadence()
    slots = [grid.place(EPOCH_NS + capture) for capture in captures_ns]
    return slots.count(0), sum(count - 1 for count in slots if count)


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5])
def test_jitter_of_ten_milliseconds_neither_drops_nor_repeats(phase: float) -> None:
    rng = random.Random(1)
    jitter = [int(rng.uniform(-10e6, 10e6)) for _ in range(3000)]
    jitter[0] = 0
    assert placed(int((n + phase * (n > 0)) * FRAME_NS) + jitter[n] for n in range(3000)) == (0, 0)


@pytest.mark.parametrize(("rate", "dropped", "repeated"), [(60, 150, 0), (15, 0, 75), (24, 0, 30), (25, 0, 25)])
def test_other_frame_rates_are_brought_to_the_grid(rate: int, dropped: int, repeated: int) -> None:
    drops, repeats = placed(n * 10**9 // rate for n in range(rate * 5))
    assert abs(drops - dropped) <= 2
    assert abs(repeats - repeated) <= 2


@given(st.lists(st.integers(0, 200_000_000), min_size=1, max_size=100))
def test_slots_follow_the_capture_clock_within_a_frame(steps_ns: list[int]) -> None:
    grid = cadence()
    timeline = Timeline(EPOCH_NS, 30)
    capture_ns = EPOCH_NS
    for step_ns in steps_ns:
        capture_ns += step_ns
        if grid.place(capture_ns):
            assert abs(timeline.index_capture_ns(grid.next_index - 1) - capture_ns) <= FRAME_NS + 2


def test_a_late_picture_is_dropped_and_the_grid_stays() -> None:
    grid = cadence()
    for n in range(10):
        grid.place(EPOCH_NS + n * FRAME_NS)
    before = grid.next_index
    assert grid.place(EPOCH_NS) == 0
    assert grid.next_index == before


def test_a_pause_is_filled_and_the_rest_placed_where_it_belongs() -> None:
    grid = cadence()
    grid.place(EPOCH_NS)
    assert grid.place(EPOCH_NS + 10 * FRAME_NS) == 10
    assert grid.next_index == 11


def test_a_jump_beyond_any_pause_breaks_the_timeline() -> None:
    grid = cadence()
    grid.place(EPOCH_NS)
    with pytest.raises(TimelineBroken, match="ahead"):
        grid.place(EPOCH_NS + (MAX_FILL_S + 1) * 10**9)


def test_overdue_slots_are_filled_up_to_the_due_instant_and_once() -> None:
    grid = cadence()
    grid.place(EPOCH_NS)
    assert grid.overdue(EPOCH_NS + 5 * FRAME_NS) == 4
    assert grid.overdue(EPOCH_NS + 5 * FRAME_NS) == 0
    assert grid.place(EPOCH_NS + 5 * FRAME_NS) == 1
