from ingest.grace import BroadcastMachine, Phase

S = 1_000_000_000


def assert_phase(machine: BroadcastMachine, phase: Phase) -> None:
    assert machine.phase is phase


def live() -> BroadcastMachine:
    machine = BroadcastMachine(4 * S)
    machine.offered(0)
    assert_phase(machine, Phase.STARTING)
    machine.connected()
    assert_phase(machine, Phase.LIVE)
    return machine


def test_a_lost_publisher_is_waited_for_and_then_given_up() -> None:
    machine = live()
    machine.gone(10 * S, deliberate=False)
    assert_phase(machine, Phase.INTERRUPTED)
    machine.tick(14 * S - 1)
    assert_phase(machine, Phase.INTERRUPTED)
    machine.tick(14 * S)
    assert_phase(machine, Phase.ENDED)


def test_a_goodbye_ends_at_once() -> None:
    machine = live()
    machine.gone(10 * S, deliberate=True)
    assert_phase(machine, Phase.ENDED)


def test_without_grace_a_loss_ends_at_once() -> None:
    machine = BroadcastMachine(0)
    machine.connected()
    machine.gone(0, deliberate=False)
    assert_phase(machine, Phase.ENDED)


def test_a_publisher_that_never_came_leaves_nothing_to_wait_for() -> None:
    machine = BroadcastMachine(4 * S)
    machine.offered(0)
    machine.gone(0, deliberate=False)
    assert_phase(machine, Phase.ENDED)


def test_a_returning_publisher_holds_the_end_back_until_it_is_known_whether_it_comes() -> None:
    machine = live()
    machine.gone(10 * S, deliberate=False)
    machine.offered(13 * S)
    machine.tick(15 * S)
    assert_phase(machine, Phase.INTERRUPTED)
    machine.connected()
    assert_phase(machine, Phase.LIVE)


def test_a_return_that_fails_after_the_grace_time_ends_it() -> None:
    machine = live()
    machine.gone(10 * S, deliberate=False)
    machine.offered(13 * S)
    machine.gone(20 * S, deliberate=False)
    assert_phase(machine, Phase.ENDED)


def test_a_takeover_interrupts_a_live_broadcast() -> None:
    machine = live()
    machine.offered(10 * S)
    machine.tick(100 * S)
    assert_phase(machine, Phase.INTERRUPTED)


def test_what_has_ended_stays_ended() -> None:
    machine = live()
    machine.gone(0, deliberate=True)
    machine.connected()
    machine.gone(0, deliberate=False)
    assert_phase(machine, Phase.ENDED)
