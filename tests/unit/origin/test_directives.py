import pytest

from origin.directives import MAX_INTEGER, Awaited, Directives, Skip, asks_to_wait, parse_directives
from origin.errors import DirectiveRefused


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([], Directives()),
        ([("_HLS_new", "-"), ("token", "x")], Directives()),
        ([("_HLS_msn", "7")], Directives(Awaited(7, None))),
        ([("_HLS_part", "0"), ("_HLS_msn", "007")], Directives(Awaited(7, 0))),
        ([("_HLS_msn", str(MAX_INTEGER))], Directives(Awaited(MAX_INTEGER, None))),
        ([("_HLS_skip", "YES")], Directives(None, Skip.SEGMENTS)),
        ([("_HLS_skip", "v2"), ("_HLS_msn", "7")], Directives(Awaited(7, None), Skip.DATE_RANGES_TOO)),
        ([("_HLS_skip", "v3")], Directives()),
        ([("_HLS_skip", "")], Directives()),
    ],
)
def test_directives_are_found_among_other_parameters(query: list[tuple[str, str]], expected: Directives) -> None:
    assert parse_directives(query) == expected


@pytest.mark.parametrize("value", ["", "-1", "+1", "1.0", "1e3", "x", " 1", "\uff11", str(MAX_INTEGER + 1), "9" * 30])
@pytest.mark.parametrize("name", ["_HLS_msn", "_HLS_part"])
def test_a_value_that_is_no_decimal_integer_is_refused(name: str, value: str) -> None:
    with pytest.raises(DirectiveRefused, match=f"{name}=.* refused: allowed are the integers"):
        parse_directives([(name, value), ("_HLS_msn", "1")] if name == "_HLS_part" else [(name, value)])


def test_a_part_without_a_segment_is_refused() -> None:
    with pytest.raises(DirectiveRefused, match="_HLS_part refused: it needs _HLS_msn"):
        parse_directives([("_HLS_part", "1")])


@pytest.mark.parametrize("name", ["_HLS_msn", "_HLS_skip"])
def test_a_directive_given_twice_is_refused(name: str) -> None:
    with pytest.raises(DirectiveRefused, match=f"{name} refused: it is given twice"):
        parse_directives([(name, "1"), (name, "1")])


def test_only_numbers_make_a_request_wait() -> None:
    assert asks_to_wait(["token", "_HLS_msn"])
    assert asks_to_wait(["_HLS_part"])
    assert not asks_to_wait(["token", "_HLS_skip", "_HLS_new"])
