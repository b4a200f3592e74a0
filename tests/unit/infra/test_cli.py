"""The command line: what it takes, and how it complains."""

import tomllib
from pathlib import Path

import pytest

from infra import cli
from infra.clock import NS_PER_S, SystemClock
from infra.configuration import flag_of
from infra.errors import TandemError
from infra.ids import StreamName
from infra.metrics import VERSION
from infra.settings import Settings
from infra.tokens import check_token


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings file and no logging but the test's own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "configure_logging", lambda _log_format, _log_level: None)


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(list(arguments))
    assert isinstance(left.value.code, int)
    return left.value.code


def test_every_setting_is_a_flag_of_serve(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("serve", "--help") == 0
    helped = capsys.readouterr().out
    assert [name for name in Settings.model_fields if flag_of(name) not in helped] == []
    assert "--open" in helped
    assert "--config" in helped


@pytest.mark.parametrize("command", ["serve", "publish", "probe", "settings", "token"])
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(command, "--help") == 0
    assert f"tandem {command}" in capsys.readouterr().out


def test_it_tells_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out.strip() == VERSION


def test_settings_prints_what_serve_would_run_with(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TANDEM_UDP_PORT", "5000")
    (tmp_path / "some.toml").write_text("udp_port = 1\nmax_rungs = 2\n")
    assert run("settings", "--config", "some.toml", "--port", "0", "--announce", "a", "--announce", "b") == 0
    printed = tomllib.loads(capsys.readouterr().out)
    assert (printed["port"], printed["udp_port"], printed["max_rungs"]) == (0, 5000, 2)
    assert printed["announce"] == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "--prot", "1"], "--prot"),
        (["serve", "--prot", "1"], "--port"),
        (["serve", "--port", "x"], "--port 'x' refused: input should be a valid integer"),
        (["serve", "--port", "70000"], "--port '70000' refused: input should be less than or equal to 65535"),
        (["serve", "--profile", "fast"], "--profile 'fast' refused: input should be 'standard' or 'ultra'"),
        (["serve", "--config", "nowhere.toml"], "nowhere.toml"),
        (["serve", "--storage", "tape:x", "--port", "0", "--udp-port", "0"], "storage 'tape:x' refused"),
        (["serve", "--ice-servers", "http://x", "--port", "0", "--udp-port", "0"], "ICE server 'http://x' refused"),
        (["settings", "--port", "-1"], "--port '-1' refused"),
        (
            ["serve", "--announce", "studio..example", "--port", "0", "--udp-port", "0"],
            "announced address 'studio..example' refused",
        ),
        (["serve", "there"], "argument 'there' refused"),
        (["paint"], "paint"),
        (["publish", "nowhere.mp4", "--to", "http://127.0.0.1:1/whip/x"], "file nowhere.mp4 refused: No such file"),
        (["publish", "test", "--to", "ftp://x"], "it must start with http:// or https://"),
        (["publish", "test", "--to", "http://x/whip/x", "--size", "99x99"], "--size '99x99' refused"),
        (["publish", "test", "--to", "http://x/whip/x", "--seconds", "-1"], "--seconds"),
        (["publish", "test"], "--to"),
        (["probe", "x"], "it must start with http:// or https://"),
        (["probe", "--latency", "http://x", "y"], "it must start with http:// or https://"),
        (["probe", "--latency", "http://x", "--network", "mars"], "network 'mars' refused"),
        (["probe", "http://x", "--save", "latency.json"], "--network, --save and --chart refused"),
    ],
)
def test_a_wrong_command_is_one_line_and_exit_code_2(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.startswith("tandem: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["publish", "test", "--to", "http://127.0.0.1:1/whip/x"],
        ["probe", "http://127.0.0.1:1/whep/x"],
        ["probe", "http://127.0.0.1:1/live/x/index.m3u8"],
    ],
)
def test_a_host_that_does_not_answer_is_one_line_and_exit_code_1(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 1
    assert capsys.readouterr().err == "tandem: cannot connect to 127.0.0.1:1: connection refused\n"


def test_what_a_server_says_cannot_drive_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_url: str) -> None:
        raise TandemError("answers \x1b[2J\nand more")

    monkeypatch.setattr("infra.webrtc_client.check_url", refuse)
    assert run("probe", "http://127.0.0.1:1/x.m3u8") == 1
    assert capsys.readouterr().err == "tandem: answers \N{REPLACEMENT CHARACTER}[2J and more\n"


def test_a_token_is_printed_as_the_paths_it_opens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_VIEWER_SECRET", "a secret of some length")
    assert run("token", "film", "--for", "30m", "--url", "https://live.example/") == 0
    page, hls, whep = capsys.readouterr().out.splitlines()
    assert page.startswith("https://live.example/t/")
    assert (page[-11:], hls[-21:], whep[-10:]) == ("/watch/film", "/live/film/index.m3u8", "/whep/film")
    check_token("a secret of some length", StreamName("film"), page.split("/")[4], SystemClock().now_ns() // NS_PER_S)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["film"], "no secret to sign with: set TANDEM_VIEWER_SECRET"),
        (
            ["film", "--viewer-secret", "a secret of some length", "--for", "2 hours"],
            "length of time '2 hours' refused",
        ),
        ([".film", "--viewer-secret", "a secret of some length"], "stream name '.film' refused"),
    ],
)
def test_a_token_that_cannot_be_made_is_one_line(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("token", *arguments) == 2
    assert sentence in capsys.readouterr().err
