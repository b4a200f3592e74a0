"""Keys, and lists that come in pages."""

import pytest

from origin.storage.contract import check_key, is_key, list_all, not_stored
from origin.storage.errors import KeyRefused, ObjectUnknown
from origin.storage.memory import MemoryStore
from support.manual_clock import ManualClock


@pytest.mark.parametrize("key", ["a", "a/b.c/d-e_f", "0", "x" * 512])
def test_names_joined_by_slashes_are_a_key(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("text", ["", "/a", "a/", "a//b", ".a", "a/../b", "-a", "a b", "x" * 513])
def test_what_could_mean_something_else_is_refused(text: str) -> None:
    assert not is_key(text)
    with pytest.raises(KeyRefused, match="allowed are names"):
        check_key(text)


async def test_a_list_of_all_goes_through_the_pages() -> None:
    store = MemoryStore(ManualClock())
    for n in range(5):
        await store.put(f"k{n}", b"x")
    for limit in (1, 2, 5, 6):
        assert [stored.key async for stored in list_all(store, "k", limit)] == [f"k{n}" for n in range(5)]


def test_the_error_of_what_is_not_stored_names_it() -> None:
    error = not_stored("cat/s1")
    assert isinstance(error, ObjectUnknown)
    assert str(error) == "object 'cat/s1' is not stored"
