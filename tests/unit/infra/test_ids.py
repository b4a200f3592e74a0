import pytest

from infra.errors import BadRequest
from infra.ids import parse_rendition_name, parse_session_id, parse_stream_name, session_id

REFUSED = [
    "",
    "../x",
    "a/b",
    ".hidden",
    "-dash",
    "a" * 65,
    "a" * 300,
    "ünïcode",
    "日本",
    "a b",
    "a\n",
    "a%2fb",
    "a\x00",
]


@pytest.mark.parametrize("text", ["a", "studio-1", "A.b_c", "_x", "0", "a" * 64])
def test_plain_names_are_accepted(text: str) -> None:
    assert parse_stream_name(text) == text
    assert parse_session_id(text) == text
    assert parse_rendition_name(text) == text


@pytest.mark.parametrize("text", REFUSED)
@pytest.mark.parametrize("parse", [parse_stream_name, parse_session_id, parse_rendition_name])
def test_odd_names_are_refused_with_what_was_given(parse: object, text: str) -> None:
    with pytest.raises(BadRequest, match="refused"):
        parse(text)  # type: ignore[operator]


def test_a_long_name_is_cut_in_the_sentence() -> None:
    with pytest.raises(BadRequest) as refusal:
        parse_stream_name("x" * 10_000)
    assert len(str(refusal.value)) < 250


def test_session_ids_sort_by_time_and_are_names() -> None:
    early = session_id(1_700_000_000_000_000_000, b"\xff" * 5)
    late = session_id(1_700_000_000_001_000_000, b"\x00" * 5)
    assert early < late
    assert parse_session_id(early) == early
