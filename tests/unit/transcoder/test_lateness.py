from transcoder.lateness import MARGIN_NS, Lateness

MS = 1_000_000


def test_nothing_is_due_before_the_latest_lately_and_the_margin() -> None:
    lateness = Lateness()
    lateness.observe(0, 30 * MS)
    lateness.observe(40 * MS, 50 * MS)
    assert 29 * MS < lateness.lag_ns <= 30 * MS
    assert lateness.due_ns(1000 * MS) == 1000 * MS - lateness.lag_ns - MARGIN_NS


def test_a_peak_is_forgotten() -> None:
    lateness = Lateness()
    lateness.observe(0, 500 * MS)
    for _ in range(1000):
        lateness.observe(0, 10 * MS)
    assert lateness.lag_ns < 11 * MS


def test_a_capture_in_the_future_is_no_lag() -> None:
    lateness = Lateness()
    lateness.observe(50 * MS, 0)
    assert lateness.lag_ns == 0
