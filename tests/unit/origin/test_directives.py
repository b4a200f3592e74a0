import pytest

from origin.directives import MAX_INTEGER, Directives, parse_directives
from origin.errors import DirectiveRefused


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([], None),
        ([("_HLS_skip", "YES"), ("_HLS_new", "-"), ("token", "x")], None),
        ([("_HLS_msn", "7")], Directives(7, None)),
        ([("_HLS_part", "0"), ("_HLS_msn", "007")], Directives(7, 0)),
        ([("_HLS_msn", str(MAX_INTEGER))], Directives(MAX_INTEGER, None)),
    ],
)
def test_directives_are_found_among_other_parameters(query: list[tuple[str, str]], expected: Directives | None) -> None:
    assert parse_directives(query) == expected


@pytest.mark.parametrize("value", ["", "-1", "+1", "1.0", "1e3", "x", " 1", "\uff11", str(MAX_INTEGER + 1), "9" * 30])
@pytest.mark.parametrize("name", ["_HLS_msn", "_HLS_part"])
def test_a_value_that_is_no_decimal_integer_is_refused(name: str, value: str) -> None:
    with pytest.raises(DirectiveRefused, match=f"{name}=.* refused: allowed are the integers"):
        parse_directives([(name, value), ("_HLS_msn", "1")] if name == "_HLS_part" else [(name, value)])


def test_a_part_without_a_segment_is_refused() -> None:
    with pytest.raises(DirectiveRefused, match="_HLS_part refused: it needs _HLS_msn"):
        parse_directives([("_HLS_part", "1")])


def test_a_directive_given_twice_is_refused() -> None:
    with pytest.raises(DirectiveRefused, match="_HLS_msn refused: it is given twice"):
        parse_directives([("_HLS_msn", "1"), ("_HLS_msn", "1")])
