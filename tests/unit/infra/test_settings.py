"""The tree of settings."""

import pytest
from pydantic import SecretStr, ValidationError

from infra.settings import Settings


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_means_in_a_sentence(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert description.endswith(".")


@pytest.mark.parametrize(("given", "read"), [("a,b c", ("a", "b", "c")), ("", ()), (["x"], ("x",))])
def test_a_list_may_be_words_in_one_string(given: object, read: tuple[str, ...]) -> None:
    assert Settings.model_validate({"announce": given}).announce == read


@pytest.mark.parametrize("given", ["25", 25])
def test_a_choice_of_numbers_may_be_digits(given: object) -> None:
    assert Settings.model_validate({"frame_rate": given}).frame_rate == 25


@pytest.mark.parametrize("given", ["x", 31, "31"])
def test_another_number_is_refused(given: object) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"frame_rate": given})


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"prot": 1})


def test_another_program_of_ours_gets_them_without_secrets() -> None:
    given = Settings(port=1, encoder_token=SecretStr("of the encoders, long"))
    passed_on = Settings.model_validate_json(given.without_secrets().model_dump_json())
    assert passed_on == Settings(port=1)
