"""Reordering and repair together, on any path."""

import heapq
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.nack import NackQueue
from ingest.reorder import ReorderBuffer

MS = 1_000_000
WAIT_NS = 500 * MS
SENT = 400


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.02, 0.1, 0.3]),
    delay_ms=st.integers(1, 60),
    jitter_ms=st.integers(0, 60),
    twice=st.sampled_from([0.0, 0.05]),
)
def test_packets_come_out_once_in_order_and_as_good_as_all_of_them(
    seed: int, loss: float, delay_ms: int, jitter_ms: int, twice: float
) -> None:
    chance = random.Random(seed)
    buffer: ReorderBuffer[int] = ReorderBuffer(WAIT_NS, 2000)
    queue = NackQueue(WAIT_NS)
    due: list[tuple[int, int]] = []
    out: list[int] = []
    accounted = requests = 0

    def send(sequence: int, now_ns: int, *, surely: bool = False) -> None:
        for _ in range(2 if chance.random() < twice else 1):
            if surely or chance.random() >= loss:
                heapq.heappush(due, (now_ns + round((delay_ms + chance.random() * jitter_ms) * MS), sequence))

    send(0, -2 * 120 * MS, surely=True)
    for now_ns in range(0, (SENT * 3 + 1500) * MS, 3 * MS):
        number = now_ns // (3 * MS) + 1
        if number < SENT:
            send(number, now_ns)
        while due and due[0][0] <= now_ns:
            _, sequence = heapq.heappop(due)
            queue.seen(sequence, now_ns)
            buffer.push(sequence, sequence, now_ns)
        for ordered in buffer.pop(now_ns):
            accounted += ordered.lost_before + 1
            out.append(ordered.item)
        if buffer.next_sequence is not None:
            queue.forget_below(buffer.next_sequence)
        for sequence in queue.due(now_ns):
            assert sequence not in out
            requests += 1
            send(sequence, now_ns + delay_ms * MS)
    assert out == sorted(set(out))
    assert accounted == out[-1] + 1
    assert len(buffer) == 0
    assert len(out) >= (0.98 if loss < 0.3 else 0.9) * (out[-1] + 1)
    assert requests <= SENT * 13
