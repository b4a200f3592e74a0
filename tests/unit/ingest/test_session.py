import pytest

from ingest.session import ConnectionMachine, EndReason, Release, SayGoodbye, StartMedia, State

S = 1_000_000_000


def machine() -> ConnectionMachine:
    return ConnectionMachine(0, connect_timeout_ns=10 * S, consent_timeout_ns=8 * S)


def live() -> ConnectionMachine:
    started = machine()
    started.answered()
    assert started.secured() == (StartMedia(),)
    return started


def test_a_connection_goes_through_its_life_in_order() -> None:
    connection = machine()
    states = [connection.state]
    connection.answered()
    states.append(connection.state)
    connection.secured()
    states.append(connection.state)
    assert connection.ended(EndReason.DELETED) == (SayGoodbye(),)
    states.append(connection.state)
    assert connection.drained() == (Release(EndReason.DELETED, was_live=True),)
    states.append(connection.state)
    assert states == [State.NEW, State.NEGOTIATING, State.LIVE, State.DRAINING, State.CLOSED]


def test_an_answer_after_the_handshake_takes_nothing_back() -> None:
    connection = live()
    connection.answered()
    assert connection.state is State.LIVE


def test_media_starts_once() -> None:
    assert live().secured() == ()


def test_the_first_end_counts_and_is_said_once() -> None:
    connection = machine()
    connection.ended(EndReason.PEER_CLOSED)
    assert connection.over
    assert connection.ended(EndReason.DELETED) == ()
    assert connection.secured() == ()
    assert connection.drained() == (Release(EndReason.PEER_CLOSED, was_live=False),)
    assert connection.drained() == ()


def test_draining_needs_an_end_first() -> None:
    assert live().drained() == ()


def test_a_peer_that_never_connects_is_given_up() -> None:
    connection = machine()
    assert connection.tick(10 * S - 1, 10 * S - 1) == ()
    assert connection.tick(10 * S, 10 * S) == (SayGoodbye(),)
    assert connection.drained() == (Release(EndReason.NOT_CONNECTED, was_live=False),)


def test_a_live_peer_that_falls_silent_is_given_up() -> None:
    connection = live()
    assert connection.tick(100 * S, 100 * S - 8 * S + 1) == ()
    assert connection.tick(100 * S, 92 * S) == (SayGoodbye(),)
    assert connection.drained() == (Release(EndReason.SILENT, was_live=True),)
    assert connection.tick(200 * S, 0) == ()


@pytest.mark.parametrize("reason", EndReason)
def test_only_the_peers_own_wish_is_deliberate(reason: EndReason) -> None:
    assert reason.deliberate == (reason in {EndReason.DELETED, EndReason.PEER_CLOSED, EndReason.GOODBYE})
