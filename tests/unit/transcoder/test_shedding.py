from transcoder.shedding import CALM_NS, LONG_QUEUE, PATIENCE_NS, START_NS, START_QUEUE, Shedding

LATE = LONG_QUEUE + 1


def started(rungs: int) -> Shedding:
    """Past its start; time is zero."""
    shedding = Shedding(rungs, -START_NS)
    shedding.observe(0, 0)
    return shedding


def test_at_the_start_what_came_before_is_worked_off() -> None:
    shedding = Shedding(3, 0)
    shedding.observe(START_QUEUE, 0)
    assert not shedding.skips(0, START_QUEUE, opens_part=False)
    shedding.observe(LATE, START_NS)
    assert shedding.skips(0, LATE, opens_part=False)


def test_short_queues_lose_nothing() -> None:
    shedding = started(3)
    shedding.observe(LONG_QUEUE, 0)
    assert not shedding.skips(0, LONG_QUEUE, opens_part=False)


def test_a_long_queue_loses_pictures_but_never_the_first_of_a_part() -> None:
    shedding = started(3)
    assert shedding.skips(2, LATE, opens_part=False)
    assert not shedding.skips(2, LATE, opens_part=True)


def test_the_most_costly_rungs_are_shed_one_after_the_other_but_not_the_last() -> None:
    shedding = started(3)
    shed = []
    for n in range(5):
        for step in range(2):
            shedding.observe(LATE, n * 2 * PATIENCE_NS + step * PATIENCE_NS)
        shed.append(shedding.shed)
    assert shed == [1, 2, 2, 2, 2]
    assert shedding.skips(0, 0, opens_part=False)
    assert not shedding.skips(2, 0, opens_part=False)


def test_a_short_relief_starts_the_patience_anew() -> None:
    shedding = started(2)
    shedding.observe(LATE, 0)
    shedding.observe(0, PATIENCE_NS - 1)
    shedding.observe(LATE, PATIENCE_NS)
    assert shedding.shed == 0


def test_rungs_come_back_after_calm_one_at_a_time() -> None:
    shedding = started(3)
    for n in range(4):
        shedding.observe(LATE, n * PATIENCE_NS)
    assert shedding.shed == 2
    late_ns = 3 * PATIENCE_NS
    shedding.observe(0, late_ns + CALM_NS)
    assert shedding.shed == 1
    shedding.observe(0, late_ns + 2 * CALM_NS)
    assert shedding.shed == 0
    shedding.observe(0, late_ns + 3 * CALM_NS)
    assert shedding.shed == 0


def test_many_waiting_access_units_cost_pictures_for_all_rungs_but_never_the_first_of_a_part() -> None:
    shedding = started(3)
    assert shedding.hurries(LATE, opens_part=False)
    assert not shedding.hurries(LATE, opens_part=True)
    assert not shedding.hurries(LONG_QUEUE, opens_part=False)
