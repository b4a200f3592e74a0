import pytest

from infra import errors as infra_errors
from origin.errors import (
    CmafRefused,
    HeldTooLong,
    JournalBroken,
    JournalOpen,
    OriginFull,
    QueueRefused,
    RecordingUnknown,
    ResourceGone,
    SessionLive,
    SessionOver,
    StreamUnknown,
    UrlMalformed,
    shown,
)


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (UrlMalformed, infra_errors.BadRequest),
        (CmafRefused, infra_errors.Unprocessable),
        (SessionOver, infra_errors.Conflict),
        (ResourceGone, infra_errors.NotFound),
        (StreamUnknown, infra_errors.NotFound),
        (HeldTooLong, infra_errors.Unavailable),
        (OriginFull, infra_errors.Unavailable),
        (QueueRefused, infra_errors.BadRequest),
        (SessionLive, infra_errors.Conflict),
        (RecordingUnknown, infra_errors.NotFound),
        (JournalOpen, infra_errors.Unavailable),
        (JournalBroken, infra_errors.Broken),
    ],
)
def test_each_error_says_whose_fault_it_is(error: type[Exception], fault: type[Exception]) -> None:
    assert issubclass(error, fault)


def test_a_stream_that_is_not_live_yet_says_when_to_come_back() -> None:
    assert StreamUnknown("not yet", 1).retry_after_s == 1


def test_refused_input_is_shown_short_and_escaped() -> None:
    assert shown("a\n") == "'a\\n'"
    assert shown("x" * 40) == "'" + "x" * 40 + "'"
    assert shown("x" * 41) == "'" + "x" * 40 + "...'"
    assert shown("'" * 41) == '"' + "'" * 40 + '..."'
    assert shown("\x1f" * 30) == "'" + "\\x1f" * 10 + "...'"
