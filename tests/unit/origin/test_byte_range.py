import pytest

from origin.byte_range import RangeUnsatisfiable, parse_range


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-3", slice(0, 4)),
        ("Bytes=0-0", slice(0, 1)),
        ("bytes=4-", slice(4, 10)),
        ("bytes=4-99", slice(4, 10)),
        ("bytes=-3", slice(7, 10)),
        ("bytes=-30", slice(0, 10)),
    ],
)
def test_one_range_is_found(header: str, expected: slice) -> None:
    assert parse_range(header, 10) == expected


@pytest.mark.parametrize(
    "header", [None, "", "bytes=", "bytes=-", "bytes=1-2,4-5", "items=0-1", "bytes=5-4", "bytes=a-b"]
)
def test_anything_else_means_the_whole(header: str | None) -> None:
    assert parse_range(header, 10) is None


@pytest.mark.parametrize(
    ("header", "length"), [("bytes=10-", 10), ("bytes=10-12", 10), ("bytes=-0", 10), ("bytes=0-", 0)]
)
def test_a_range_behind_the_end_is_unsatisfiable(header: str, length: int) -> None:
    with pytest.raises(RangeUnsatisfiable):
        parse_range(header, length)
