from origin.breaks import Breaks


def test_breaks_of_before_are_known() -> None:
    breaks = Breaks({7, 3})
    assert (breaks.next_from(0), breaks.next_from(4), breaks.count_before(8)) == (3, 7, 2)


def test_the_next_break_is_at_or_behind_a_number() -> None:
    breaks = Breaks()
    breaks.plan(3, 0)
    breaks.plan(7, 0)
    assert (breaks.next_from(0), breaks.next_from(3), breaks.next_from(4), breaks.next_from(8)) == (3, 3, 7, None)
    assert 3 in breaks
    assert 4 not in breaks


def test_breaks_that_no_list_shows_are_still_counted() -> None:
    breaks = Breaks()
    breaks.plan(3, 0)
    breaks.plan(7, 5)
    assert 3 not in breaks
    assert breaks.count_before(7) == 1
    assert breaks.count_before(8) == 2
