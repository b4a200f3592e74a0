from ingest.reorder import Ordered, ReorderBuffer

WAIT_NS = 100


def popped(buffer: ReorderBuffer[str], now_ns: int) -> list[tuple[str, int]]:
    return [(ordered.item, ordered.lost_before) for ordered in buffer.pop(now_ns)]


def test_packets_in_order_pass_at_once() -> None:
    buffer: ReorderBuffer[str] = ReorderBuffer(WAIT_NS, 10)
    assert popped(buffer, 0) == []
    buffer.push(5, "a", 0)
    assert list(buffer.pop(0)) == [Ordered("a", 0, 0)]
    buffer.push(6, "b", 1)
    assert popped(buffer, 1) == [("b", 0)]


def test_a_hole_is_waited_for_and_closed() -> None:
    buffer: ReorderBuffer[str] = ReorderBuffer(WAIT_NS, 10)
    for sequence, item in [(5, "a"), (7, "c"), (8, "d")]:
        buffer.push(sequence, item, 0)
    assert popped(buffer, WAIT_NS - 1) == [("a", 0)]
    assert len(buffer) == 2
    buffer.push(6, "b", WAIT_NS - 1)
    assert popped(buffer, WAIT_NS - 1) == [("b", 0), ("c", 0), ("d", 0)]


def test_a_hole_is_given_up_when_the_first_behind_it_has_waited_long_enough() -> None:
    buffer: ReorderBuffer[str] = ReorderBuffer(WAIT_NS, 10)
    buffer.push(5, "a", 0)
    buffer.push(8, "d", 10)
    buffer.push(10, "f", 60)
    assert popped(buffer, 10 + WAIT_NS) == [("a", 0), ("d", 2)]
    assert popped(buffer, 60 + WAIT_NS) == [("f", 1)]


def test_a_hole_is_given_up_when_too_much_is_held() -> None:
    buffer: ReorderBuffer[str] = ReorderBuffer(WAIT_NS, 2)
    buffer.push(1, "a", 0)
    for sequence in (3, 4, 5):
        buffer.push(sequence, "x", 0)
    assert popped(buffer, 0) == [("a", 0), ("x", 1), ("x", 0), ("x", 0)]


def test_duplicates_and_the_late_are_refused() -> None:
    buffer: ReorderBuffer[str] = ReorderBuffer(WAIT_NS, 10)
    assert buffer.push(5, "a", 0)
    assert not buffer.push(5, "a", 0)
    popped(buffer, 0)
    assert not buffer.push(5, "a", 0)
    assert not buffer.push(4, "z", 0)
