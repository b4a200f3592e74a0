from fractions import Fraction
from math import floor

import pytest

from infra.profiles import PROFILES, LatencyProfile
from infra.settings import Profile

AAC_FRAME_S = Fraction(1024, 48000)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=[p.value for p in PROFILES])
@pytest.mark.parametrize("frame_rate", [25, 30, 50, 60])
def test_video_parts_fill_the_part_target(profile: LatencyProfile, frame_rate: int) -> None:
    part_s = Fraction(floor(profile.part_s * frame_rate), frame_rate)
    assert Fraction(85, 100) * profile.part_target_s <= part_s <= profile.part_target_s


@pytest.mark.parametrize("profile", PROFILES.values(), ids=[p.value for p in PROFILES])
def test_audio_parts_fill_the_part_target_whether_cut_early_or_late(profile: LatencyProfile) -> None:
    fewest = floor(profile.part_s / AAC_FRAME_S)
    assert fewest * AAC_FRAME_S >= Fraction(85, 100) * profile.part_target_s
    assert (fewest + 1) * AAC_FRAME_S <= profile.part_target_s


@pytest.mark.parametrize("profile", PROFILES.values(), ids=[p.value for p in PROFILES])
def test_hold_backs_are_three_of_what_they_hold_back(profile: LatencyProfile) -> None:
    assert profile.part_hold_back_s == 3 * profile.part_target_s
    assert profile.hold_back_s == 3 * profile.target_duration_s


def test_every_profile_has_its_numbers() -> None:
    assert set(PROFILES) == set(Profile)
