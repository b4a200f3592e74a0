import pytest

from ingest.links import Protocol, entity_tag, if_match_admits, if_match_is_any, resource_path


def test_a_resource_is_below_its_endpoint() -> None:
    assert resource_path(Protocol.WHEP, "film", "x_-1") == "/whep/film/x_-1"


def test_an_entity_tag_is_strong_and_quoted() -> None:
    assert entity_tag(b"\x01\xff") == '"01ff"'


@pytest.mark.parametrize("header", [None, "*", '"*"', '"01ff"', '"other", "01ff"'])
def test_if_match_admits_the_current_session_any_session_and_no_header(header: str | None) -> None:
    assert if_match_admits(header, '"01ff"')


@pytest.mark.parametrize("header", ["", '"other"', 'W/"01ff"', "01ff"])
def test_if_match_refuses_other_sessions_and_weak_tags(header: str) -> None:
    assert not if_match_admits(header, '"01ff"')


@pytest.mark.parametrize(
    ("header", "asked"), [("*", True), ('"*"', True), ('"01ff"', False), ("", False), (None, False)]
)
def test_a_restart_is_asked_for_of_any_session(header: str | None, asked: bool) -> None:
    assert if_match_is_any(header) is asked
