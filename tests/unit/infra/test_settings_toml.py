"""Settings as TOML."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from infra.settings import Profile, Settings
from infra.settings_toml import print_example, print_settings, print_value

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x7f"), max_size=20)


@given(st.lists(WORDS), st.sampled_from(Profile), st.floats(12, 3600), WORDS)
def test_printed_settings_are_read_back_as_they_were(
    announce: list[str], profile: Profile, window_s: float, storage: str
) -> None:
    settings = Settings(announce=tuple(announce), profile=profile, window_s=window_s, storage=storage)
    assert Settings.model_validate(tomllib.loads(print_settings(settings))) == settings


def test_the_example_names_every_setting_with_its_default_behind_a_comment_sign() -> None:
    assert tomllib.loads(print_example()) == {}
    uncommented = "\n".join(line.removeprefix("# ") for line in print_example().splitlines() if " = " in line)
    assert Settings.model_validate(tomllib.loads(uncommented)) == Settings()
    assert all(f"# {name} = " in print_example() for name in Settings.model_fields)


def test_truth_is_written_as_toml_does() -> None:
    assert (print_value(True), print_value(False)) == ("true", "false")


def test_secrets_are_not_printed() -> None:
    settings = Settings.model_validate({"encoder_token": "a-secret-of-some-length"})
    assert 'encoder_token = "redacted"\n' in print_settings(settings)
    assert 'encoder_token = ""\n' in print_settings(Settings())
