"""Where settings come from, and what is said of wrong ones."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from infra.configuration import SettingsRefused, load_settings
from infra.settings import Profile, Settings


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def toml(text: str, name: str = "some.toml") -> Path:
    path = Path(name).absolute()
    path.write_text(text)
    return path


def test_a_flag_wins_over_a_variable_over_the_file_over_the_default() -> None:
    file = toml("port = 1\nudp_port = 2\nmax_rungs = 2\n")
    settings = load_settings({"port": 3}, file, {"TANDEM_PORT": "4", "TANDEM_UDP_PORT": "5"})
    assert (settings.port, settings.udp_port, settings.max_rungs) == (3, 5, 2)
    assert settings.host == Settings().host


def test_a_flag_that_equals_the_default_still_wins() -> None:
    assert load_settings({"port": 8080}, None, {"TANDEM_PORT": "4"}).port == 8080


def test_what_comes_out_is_plain_settings() -> None:
    assert load_settings({}, None, {}) == Settings()


def test_the_file_is_that_of_the_variable_else_tandem_toml() -> None:
    toml("port = 7\n", "tandem.toml")
    assert load_settings({}, None, {}).port == 7
    assert load_settings({}, None, {"TANDEM_CONFIG": str(toml("port = 8\n"))}).port == 8
    assert load_settings({}, toml("port = 9\n"), {"TANDEM_CONFIG": "nowhere.toml"}).port == 9


def test_variables_hold_numbers_choices_and_lists_as_words() -> None:
    given = {
        "TANDEM_FRAME_RATE": "25",
        "TANDEM_PROFILE": "ultra",
        "TANDEM_ANNOUNCE": "192.0.2.1, 2001:db8::1",
        "TANDEM_WINDOW_S": "30.5",
    }
    settings = load_settings({}, None, given)
    assert (settings.frame_rate, settings.profile, settings.window_s) == (25, Profile.ULTRA, 30.5)
    assert settings.announce == ("192.0.2.1", "2001:db8::1")


def test_lists_are_arrays_in_the_file() -> None:
    assert load_settings({}, toml('announce = ["a", "b"]\n'), {}).announce == ("a", "b")


@pytest.mark.parametrize(
    ("flags", "text", "environ", "sentence"),
    [
        ({"port": -1}, "", {}, "--port '-1' refused: input should be greater than or equal to 0"),
        ({}, "", {"TANDEM_PORT": "x"}, "TANDEM_PORT 'x' refused: input should be a valid integer"),
        ({}, "udp_port = 70000\n", {}, "key 'udp_port' in "),
        ({}, "prot = 1\n", {}, "key 'prot' in "),
        ({}, "prot = 1\n", {}, "the nearest setting is port"),
        ({}, "port = \n", {}, "some.toml refused: "),
        (
            {},
            "",
            {"TANDEM_PROFIL": "x"},
            "TANDEM_PROFIL refused: unknown; the nearest setting is TANDEM_PROFILE",
        ),
        ({}, "", {"TANDEM_FRAME_RATE": "31"}, "TANDEM_FRAME_RATE"),
        ({}, "[port]\nx = 1\n", {}, "key 'port' in "),
        ({}, "", {"TANDEM_ENCODER_TOKEN": "hush"}, "TANDEM_ENCODER_TOKEN redacted refused: a secret has at least 16"),
    ],
)
def test_a_wrong_setting_is_one_line_that_says_where_it_stands(
    flags: dict[str, object], text: str, environ: dict[str, str], sentence: str
) -> None:
    with pytest.raises(SettingsRefused) as refused:
        load_settings(flags, toml(text), environ)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(SettingsRefused, match=r"nowhere\.toml refused: .*No such file"):
        load_settings({}, Path("nowhere.toml"), {})


def test_a_variable_of_somebody_else_is_warned_of() -> None:
    with capture_logs() as logs:
        load_settings({}, None, {"TANDEM_IMAGES": "1", "OTHER": "2"})
    assert [entry["variable"] for entry in logs] == ["TANDEM_IMAGES"]
