"""Whatever order events come in: media starts at most once, goodbye is said once, and release comes last and once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.session import Action, ConnectionMachine, EndReason, Release, SayGoodbye, StartMedia, State

S = 1_000_000_000

EVENTS = st.one_of(
    st.sampled_from(["answered", "secured", "drained"]).map(lambda name: (name, ())),
    st.sampled_from(EndReason).map(lambda reason: ("ended", (reason,))),
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
        lambda times: ("tick", (max(times) * S, min(times) * S)),
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(EVENTS, max_size=12))
def test_a_connection_ends_once_and_in_order(events: list[tuple[str, tuple[object, ...]]]) -> None:
    machine = ConnectionMachine(0, connect_timeout_ns=10 * S, consent_timeout_ns=8 * S)
    done: list[Action] = []
    order = list(State)
    for name, arguments in events:
        before = order.index(machine.state)
        done += getattr(machine, name)(*arguments)
        assert order.index(machine.state) >= before
    kinds = [type(action) for action in done]
    assert kinds == [kind for kind in (StartMedia, SayGoodbye, Release) if kind in kinds]
    assert (Release in kinds) == (machine.state is State.CLOSED)
    assert machine.over == (SayGoodbye in kinds)
    for action in done:
        if isinstance(action, Release):
            assert action.was_live == (StartMedia in kinds)
