from infra.silence import LEAST_S, PAUSES, Silence


def test_nothing_is_made_of_the_silence_of_one_that_was_hardly_heard() -> None:
    silence = Silence()
    assert not any(silence.is_lost(count, float(count)) for count in range(3))
    assert not silence.is_lost(2, 1000.0)


def test_one_that_is_heard_often_is_lost_after_the_least_time() -> None:
    silence = Silence()
    for second in range(10):
        assert not silence.is_lost(100 * (second + 1), float(second))
    assert not silence.is_lost(1000, 9 + LEAST_S)
    assert silence.is_lost(1000, 9 + LEAST_S + 0.1)
    assert not silence.is_lost(1001, 9 + LEAST_S + 0.2)


def test_one_that_is_heard_seldom_is_given_several_of_its_pauses() -> None:
    silence = Silence()
    for count, now_s in enumerate((0.0, 5.0, 8.0), start=1):
        assert not silence.is_lost(count, now_s)
    assert not silence.is_lost(3, 8 + PAUSES * 5)
    assert silence.is_lost(3, 8 + PAUSES * 5 + 0.1)
