import pytest
from hypothesis import given
from hypothesis import strategies as st

from transcoder.ladder import HEIGHTS, bitrate_bps, choose_ladder


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (1280, 720, [("720p", 1280, 720), ("480p", 854, 480), ("360p", 640, 360)]),
        (1920, 1080, [("1080p", 1920, 1080), ("720p", 1280, 720), ("480p", 854, 480)]),
        (3840, 2160, [("1080p", 1920, 1080), ("720p", 1280, 720), ("480p", 854, 480)]),
        (640, 360, [("360p", 640, 360), ("240p", 426, 240), ("144p", 256, 144)]),
        (720, 1280, [("720p", 720, 1280), ("480p", 480, 854), ("360p", 360, 640)]),
        (320, 180, [("180p", 320, 180)]),
        (641, 361, [("360p", 640, 360), ("240p", 426, 240), ("144p", 256, 144)]),
        (2, 2, [("2p", 2, 2)]),
    ],
)
def test_usual_sources_get_usual_rungs(width: int, height: int, expected: list[tuple[str, int, int]]) -> None:
    assert [(rung.name, rung.width, rung.height) for rung in choose_ladder(width, height, 30, 3)] == expected


@given(st.integers(2, 8000), st.integers(2, 8000), st.sampled_from([25, 30, 50, 60]), st.integers(1, 6))
def test_no_rung_is_larger_than_the_source_and_each_is_smaller_than_the_one_above(
    width: int, height: int, frame_rate: int, max_rungs: int
) -> None:
    ladder = choose_ladder(width, height, frame_rate, max_rungs)
    assert 1 <= len(ladder) <= max_rungs
    assert min(ladder[0].width, ladder[0].height) <= min(width, height, HEIGHTS[0])
    for rung in ladder:
        assert rung.width % 2 == rung.height % 2 == 0
        assert abs(rung.width / rung.height - width / height) <= 2.1 * max(width / height, 1) / min(
            rung.width, rung.height
        )
    sizes = [rung.width * rung.height for rung in ladder]
    rates = [rung.bitrate_bps for rung in ladder]
    assert sizes == sorted(set(sizes), reverse=True)
    assert rates == sorted(rates, reverse=True)
    assert len({rung.name for rung in ladder}) == len(ladder)


def test_bit_rates_of_a_720p_ladder_are_those_that_were_measured() -> None:
    assert [rung.bitrate_bps for rung in choose_ladder(1280, 720, 30, 3)] == [2_800_000, 1_200_000, 600_000]


def test_twice_the_pictures_need_less_than_twice_the_bits() -> None:
    assert 1.5 < bitrate_bps(1280 * 720, 60) / bitrate_bps(1280 * 720, 30) < 2


def test_sizes_outside_the_table_still_get_a_rate() -> None:
    assert bitrate_bps(2 * 2, 30) > 0
    assert bitrate_bps(1920 * 1440, 30) > bitrate_bps(1920 * 1080, 30)
