from ingest.errors import shown


def test_short_input_is_shown_whole_and_escaped() -> None:
    assert shown("a\nb") == r"'a\nb'"


def test_long_input_is_cut() -> None:
    assert shown("x" * 1000) == repr("x" * 40 + "...")
