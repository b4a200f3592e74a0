import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.ids import RenditionName, SessionId, StreamName
from infra.stage_times import CodedPart, Placed
from transcoder.messages import (
    Job,
    KeyframeWanted,
    MessageReader,
    PartLeft,
    WorkerStats,
    parse_job,
    print_job,
    print_message,
)

JOB = Job(
    stream=StreamName("a"),
    session=SessionId("b"),
    base_url="http://127.0.0.1:1",
    token="t",
    epoch_ns=1,
    clock_anchor_ns=2,
    profile="ultra",
    frame_rate=30,
    max_rungs=3,
    preset="superfast",
    video=True,
    audio=False,
    log_format="json",
    log_level="info",
)


def test_a_job_survives_the_pipe() -> None:
    assert parse_job(print_job(JOB)) == JOB


@pytest.mark.parametrize("step", [1, 7, 1000])
def test_messages_come_out_however_the_bytes_are_split(step: int) -> None:
    stats = WorkerStats(decoded=5, lag_ms=40)
    data = print_message(stats) + print_message(KeyframeWanted()) + print_message(stats)
    reader = MessageReader()
    out = [message for at in range(0, len(data), step) for message in reader.feed(data[at : at + step])]
    assert out[0] == out[2] == stats
    assert isinstance(out[1], KeyframeWanted)


@given(st.lists(st.one_of(st.binary(max_size=80), st.sampled_from([b"{}", b'{"stats": {}}', b'{"stats": 1}', b"[]"]))))
def test_lines_that_are_no_messages_are_passed_over(lines: list[bytes]) -> None:
    data = b"\n" + b"\n".join(lines) + b"\n" + print_message(WorkerStats())
    assert list(MessageReader().feed(data))[-1] == WorkerStats()


def test_an_endless_line_does_not_grow_without_bound() -> None:
    reader = MessageReader()
    for _ in range(100):
        assert list(reader.feed(b"x" * 10_000)) == []
    assert len(reader._rest) <= 65_536


LEFT = PartLeft(CodedPart(RenditionName("720p"), 1, 2, 3, ((1, 4), (5, 6))), (Placed(7, 8, 9, 10, 11),))


def test_the_times_of_a_part_survive_the_socket() -> None:
    assert list(MessageReader().feed(print_message(LEFT))) == [LEFT]


@pytest.mark.parametrize(
    "line",
    [
        b'{"part": ["720p", 1, 2, 3, [[1, 2, 3]]], "placed": []}',
        b'{"part": ["720p", 1, 2, 3, [1]], "placed": []}',
        b'{"part": ["720p", 1, 2, 3, []], "placed": [[1]]}',
        b'{"part": ["720p", 1, 2, 3, [["x", 1]]], "placed": []}',
        b'{"part": ["720p", 1, 2, 3, []]}',
    ],
)
def test_times_that_are_none_are_passed_over(line: bytes) -> None:
    assert list(MessageReader().feed(line + b"\n")) == []
