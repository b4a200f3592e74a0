"""Transport-wide feedback, read back by an independent decoder."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.congestion import MAX_SPAN, TransportFeedback, encode_statuses
from support.twcc_decoder import read_feedback

MS = 1_000_000
MODULUS_US = (1 << 24) * 64_000

arrivals = st.lists(
    st.tuples(st.integers(-30, 60) | st.integers(1, 1), st.integers(0, 12_000_000_000) | st.integers(0, 30 * MS)),
    min_size=1,
    max_size=120,
)


@settings(max_examples=120, deadline=None)
@given(first=st.integers(0, 65535), steps=arrivals, every=st.integers(1, 40))
def test_every_recorded_arrival_is_reported_and_nothing_else(
    first: int, steps: list[tuple[int, int]], every: int
) -> None:
    feedback = TransportFeedback(1)
    number, now_ns = 70_000 + first, 1_700_000_000_000 * MS
    truth: dict[int, int] = {}
    told: dict[int, int] = {}
    highest = number
    for index, (step, passed_ns) in enumerate(steps):
        number = max(number + step, 70_000)
        now_ns += passed_ns
        highest = max(highest, number)
        assert highest - number < MAX_SPAN
        truth.setdefault(number % 65536, now_ns)
        feedback.record(number % 65536, now_ns)
        if index % every == 0 or index == len(steps) - 1:
            for packet in feedback.feedback(now_ns, 2):
                report = read_feedback(packet)
                assert len(packet) <= 1200
                for sequence, at_us in report.arrivals_us.items():
                    told.setdefault(sequence, at_us)
    assert told.keys() == truth.keys()
    for sequence, at_us in told.items():
        assert (truth[sequence] // 1000 - at_us) % MODULUS_US < 250


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.integers(1, 40)), max_size=40))
def test_chunks_keep_every_symbol(runs: list[tuple[int, int]]) -> None:
    symbols = [symbol for symbol, length in runs for _ in range(length)]
    data = encode_statuses(symbols)
    found: list[int] = []
    for at in range(0, len(data), 2):
        chunk = int.from_bytes(data[at : at + 2])
        if chunk < 0x8000:
            found += [chunk >> 13] * (chunk & 0x1FFF)
        elif chunk < 0xC000:
            found += [chunk >> (13 - index) & 1 for index in range(14)]
        else:
            found += [chunk >> (12 - 2 * index) & 3 for index in range(7)]
    assert found[: len(symbols)] == symbols
    assert not any(found[len(symbols) :])
    assert len(data) <= 2 * (-(-len(symbols) // 7))
