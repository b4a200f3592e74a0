"""The addresses that a node announces."""

import pytest

from infra.listening import resolve_announced


async def test_addresses_and_names_are_resolved_in_order() -> None:
    assert await resolve_announced(["203.0.113.7", "localhost", "::1"]) == ["203.0.113.7", "127.0.0.1", "::1"]
    assert await resolve_announced([]) == []


@pytest.mark.parametrize("name", ["studio..example", "a" * 100])
async def test_what_is_no_host_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(ValueError, match=r"announced address '.*' refused"):
        await resolve_announced([name])
