import pytest

from ingest.admission import TAKEOVER_SILENCE_NS, Limits, Load, admit_publisher, admit_viewer
from ingest.errors import NodeFull, StreamBusy, StreamNotLive

LIMITS = Limits(max_sessions=10, max_publishers=2)
IDLE = Load(0, 0)


def test_a_publisher_of_a_free_stream_is_let_in() -> None:
    admit_publisher("film", LIMITS, IDLE, known=False, silent_ns=None)


def test_a_second_publisher_is_told_when_to_come_back() -> None:
    with pytest.raises(StreamBusy, match="one is allowed") as refused:
        admit_publisher("film", LIMITS, Load(1, 1), known=True, silent_ns=TAKEOVER_SILENCE_NS - 1)
    assert refused.value.retry_after_s == 3


def test_a_silent_publisher_is_replaced_even_on_a_full_node() -> None:
    admit_publisher("film", LIMITS, Load(10, 2), known=True, silent_ns=TAKEOVER_SILENCE_NS)


def test_a_lost_publisher_returns_to_a_node_whose_streams_are_full() -> None:
    admit_publisher("film", LIMITS, Load(9, 2), known=True, silent_ns=None)


@pytest.mark.parametrize(("load", "sentence"), [(Load(10, 0), "10 places"), (Load(0, 2), "2 places for streams")])
def test_a_full_node_refuses_publishers(load: Load, sentence: str) -> None:
    with pytest.raises(NodeFull, match=sentence):
        admit_publisher("film", LIMITS, load, known=False, silent_ns=None)


def test_a_viewer_needs_a_live_stream_and_room() -> None:
    admit_viewer("film", LIMITS, Load(9, 2), live=True)
    with pytest.raises(StreamNotLive, match="not live") as refused:
        admit_viewer("film", LIMITS, IDLE, live=False)
    assert refused.value.retry_after_s == 2
    with pytest.raises(NodeFull, match="10 places"):
        admit_viewer("film", LIMITS, Load(10, 1), live=True)
