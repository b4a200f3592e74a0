"""Delays, losses and bottlenecks, packet by packet."""

import random

import pytest

from infra.network_shape import QUEUE_S, SEGMENT_BYTES, Link, Network, network_of


def never() -> float:
    return 1.0


def always() -> float:
    return 0.0


def test_a_direct_network_passes_everything_at_once() -> None:
    link = Link(network_of("direct"), always)
    assert link.datagram(1200, 5.0) == 5.0
    assert link.stream(1 << 20, 5.0) == 5.0
    link.halve()
    assert link.datagram(1200, 6.0) == 6.0


def test_a_network_that_is_not_known_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="network 'mars' refused: it must be one of direct, rtt20, rtt50"):
        network_of("mars")


def test_half_of_the_round_trip_is_on_either_way() -> None:
    assert Link(network_of("rtt100"), never).datagram(1200, 1.0) == pytest.approx(1.05)


def test_one_datagram_in_a_hundred_is_lost() -> None:
    link = Link(network_of("loss1"), random.Random(1).random)
    lost = sum(link.datagram(1200, packet / 100) is None for packet in range(20_000))
    assert 160 < lost < 240


def test_a_lost_segment_comes_a_round_trip_later_and_all_behind_it_waits() -> None:
    draws = iter([1.0, 0.0, 1.0])
    link = Link(Network("x", round_trip_s=0.1, loss=0.01), lambda: next(draws))
    assert link.stream(100, 0.0) == pytest.approx(0.05)
    assert link.stream(100, 0.01) == pytest.approx(0.16)
    assert link.stream(100, 0.02) == pytest.approx(0.16)


def test_a_long_piece_is_likelier_to_lose_a_segment() -> None:
    for segments, expected_s in ((1, 0.05), (10, 0.15)):
        link = Link(Network("x", round_trip_s=0.1, loss=0.1), lambda: 0.3)
        assert link.stream(segments * SEGMENT_BYTES, 0.0) == pytest.approx(expected_s)


def test_a_bottleneck_takes_its_time_keeps_a_short_queue_and_then_drops() -> None:
    link = Link(Network("x", rate_bps=1_000_000), never)
    assert link.datagram(1250, 0.0) == pytest.approx(0.01)
    assert link.datagram(1250, 0.0) == pytest.approx(0.02)
    assert link.backlog_s(0.005) == pytest.approx(0.015)
    link.halve()
    assert link.datagram(1250, 0.0) == pytest.approx(0.04)
    arrivals = [link.datagram(1250, 0.0) for _ in range(100)]
    assert None in arrivals
    assert max(arrival for arrival in arrivals if arrival is not None) <= QUEUE_S + 0.02
    assert link.datagram(1250, 10.0) == pytest.approx(10.02)
