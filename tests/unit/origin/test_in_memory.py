"""What is old leaves memory when it is stored, and never before."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from origin.in_memory import InMemory

TWO = Fraction(2)


def test_the_live_part_stays_whether_it_is_stored_or_not() -> None:
    made = InMemory(Fraction(6))
    assert [made.finished(msn, TWO) for msn in range(3)] == [[], [], []]
    assert [made.stored(msn) for msn in range(3)] == [False] * 3


def test_what_is_stored_goes_when_it_is_old() -> None:
    made = InMemory(Fraction(4))
    for msn in range(2):
        made.finished(msn, TWO)
        made.stored(msn)
    assert made.finished(2, TWO) == [0]
    assert made.finished(3, Fraction(7)) == [1]


def test_what_is_old_goes_when_it_is_stored() -> None:
    made = InMemory(Fraction(2))
    assert [made.finished(msn, TWO) for msn in range(3)] == [[], [], []]
    assert made.stored(1)
    assert made.stored(0)
    assert not made.stored(2)


def test_without_a_live_part_everything_stays() -> None:
    made = InMemory(None)
    assert made.finished(0, TWO) == []
    assert not made.stored(0)
    assert made.finished(1, TWO) == []


@given(st.permutations(range(12)), st.integers(1, 12), st.data())
def test_each_goes_once_and_only_what_is_stored_and_old(order: list[int], live: int, data: st.DataObject) -> None:
    made, gone, stored, finished = InMemory(Fraction(2 * live)), list[int](), set[int](), 0
    waiting = list(order)
    while finished < 12 or waiting:
        ready = [msn for msn in waiting if msn < finished]
        if ready and (finished == 12 or data.draw(st.booleans())):
            waiting.remove(ready[0])
            stored.add(ready[0])
            gone += [ready[0]] if made.stored(ready[0]) else []
        else:
            gone += made.finished(finished, TWO)
            finished += 1
        assert set(gone) <= stored
        assert all(msn < finished - live for msn in gone)
    assert sorted(gone) == list(range(12 - live))
