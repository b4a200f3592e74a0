"""Log lines for machines and for people."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from aiohttp.http_exceptions import BadStatusLine

from infra.log import configure_logging


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configuration = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**configuration)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_json_line_has_event_level_logger_time_and_what_was_bound(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "info")
    structlog.get_logger("ingest.whip").bind(stream="film").info("publisher connected", codecs=["H264"])
    (line,) = lines(capsys)
    assert {key: line[key] for key in ("event", "level", "logger", "stream", "codecs")} == {
        "event": "publisher connected",
        "level": "info",
        "logger": "ingest.whip",
        "stream": "film",
        "codecs": ["H264"],
    }
    assert str(line["timestamp"]).endswith("Z")


def test_the_standard_library_s_loggers_end_in_the_same_place(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "warning")
    logging.getLogger("aiohttp.server").warning("odd %s", "request")
    logging.getLogger("aiohttp.server").info("left out")
    (line,) = lines(capsys)
    assert (line["event"], line["logger"]) == ("odd request", "aiohttp.server")


def test_secrets_are_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "info")
    structlog.get_logger().info("said", push_token="t0p", authorization="Bearer t0p", credential="t0p")
    assert "t0p" not in capsys.readouterr().err


def test_a_traceback_is_in_the_line_it_belongs_to(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "info")
    try:
        int("what happened")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines(capsys)
    assert "what happened" in str(line["exception"])


def test_without_a_terminal_the_lines_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("auto", "info")
    structlog.get_logger().info("said")
    assert lines(capsys)[0]["event"] == "said"


def test_the_console_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("console", "info")
    structlog.get_logger().info("said", port=1)
    said = capsys.readouterr().err
    assert "said" in said
    assert not said.startswith("{")


def complain(error: Exception) -> None:
    logging.getLogger("aiohttp.server").error("Error handling request from %s", "127.0.0.1", exc_info=error)


def test_a_peer_that_does_not_speak_http_is_one_line_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "info")
    complain(BadStatusLine("GARBAGE"))
    (line,) = lines(capsys)
    assert line["level"] == "info"
    assert str(line["event"]).startswith("Error handling request from 127.0.0.1: ")
    assert "GARBAGE" in str(line["event"])
    assert "exception" not in line


def test_peers_that_do_not_speak_http_are_not_told_of_when_only_warnings_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging("json", "warning")
    complain(BadStatusLine("GARBAGE"))
    assert lines(capsys) == []


def test_errors_of_ours_keep_their_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json", "info")
    complain(RuntimeError("ours"))
    (line,) = lines(capsys)
    assert line["level"] == "error"
    assert "RuntimeError: ours" in str(line["exception"])
