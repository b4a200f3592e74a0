"""What holds for every test of a running origin."""

from collections.abc import Iterator

import pytest

from origin import metrics


def violations() -> float:
    """Rules broken by playlists so far."""
    return float(metrics.VIOLATIONS._value.get())


@pytest.fixture(autouse=True)
def no_playlist_breaks_a_rule() -> Iterator[None]:
    """The origin's check of itself finds nothing, whatever the test does to the origin."""
    before = violations()
    yield
    assert violations() == before
