import pytest

from origin.conditions import is_held, range_applies


@pytest.mark.parametrize("header", ['"a"', 'W/"a"', '"b", "a"', ' "b","a" ', "*", " * "])
def test_what_is_named_is_held(header: str) -> None:
    assert is_held(header, '"a"')


@pytest.mark.parametrize("header", [None, "", '"b"', "a", '"a', '"b" "a"', '"a"b'])
def test_anything_else_is_not(header: str | None) -> None:
    assert not is_held(header, '"a"')


@pytest.mark.parametrize(
    ("header", "applies"),
    [(None, True), ('"a"', True), ('W/"a"', False), ('"b"', False), ("Wed, 25 Nov 2026 10:00:00 GMT", False)],
)
def test_a_range_continues_only_what_is_the_same_to_the_byte(header: str | None, applies: bool) -> None:
    assert range_applies(header, '"a"') is applies
