import pytest

from origin.caching import Resource, cache_control


@pytest.mark.parametrize(
    ("resource", "good", "refused"),
    [
        (Resource.MULTIVARIANT, 1, 1),
        (Resource.PLAYLIST, 2, 4),
        (Resource.HELD_PLAYLIST, 24, 16),
        (Resource.MEDIA, 24, 4),
    ],
)
def test_answers_are_kept_for_multiples_of_the_target_duration(resource: Resource, good: int, refused: int) -> None:
    assert cache_control(resource, 4, found=True) == f"max-age={good}"
    assert cache_control(resource, 4, found=False) == f"max-age={refused}"


@pytest.mark.parametrize("resource", Resource)
def test_every_answer_can_be_shared_by_a_cache(resource: Resource) -> None:
    assert cache_control(resource, 1, found=True) != "max-age=0"
