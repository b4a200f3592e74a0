from ingest.nack import (
    GIVE_UP_NS,
    MAX_MISSING,
    MAX_REQUESTS,
    MAX_RETRY_NS,
    MIN_RETRY_NS,
    SPACING_NS,
    NackQueue,
    rtx_payload,
    unwrap_rtx,
)
from ingest.rtp import RtpPacket

MS = 1_000_000


def test_nothing_is_asked_for_while_packets_come_in_order() -> None:
    queue = NackQueue()
    for sequence in range(100, 110):
        queue.seen(sequence, 0)
    assert queue.due(0) == []
    assert len(queue) == 0


def test_a_gap_is_asked_for_at_once_and_again_after_a_round_trip_and_a_half() -> None:
    queue = NackQueue()
    queue.seen(1, 0)
    queue.seen(4, 0)
    assert queue.due(0) == [2, 3]
    assert queue.due(59 * MS) == []
    assert queue.due(60 * MS) == [2, 3]


def test_what_arrives_or_is_forgotten_is_not_asked_for() -> None:
    queue = NackQueue()
    queue.seen(1, 0)
    queue.seen(6, 0)
    queue.seen(4, 0)
    queue.seen(4, 0)
    queue.forget_below(3)
    assert queue.due(0) == [3, 5]


def test_after_the_time_to_give_up_it_is_over() -> None:
    queue = NackQueue()
    queue.seen(1, 0)
    queue.seen(3, 0)
    assert queue.due(GIVE_UP_NS) == []
    assert len(queue) == 0


def test_requests_are_collected_for_a_while_and_what_arrives_meanwhile_is_not_asked_for() -> None:
    queue = NackQueue()
    queue.seen(1, 0)
    queue.seen(3, 0)
    assert queue.due(0) == [2]
    queue.seen(5, MS)
    queue.seen(7, MS)
    assert queue.due(SPACING_NS - 1) == []
    queue.seen(4, SPACING_NS - 1)
    assert queue.due(SPACING_NS) == [6]


def test_a_round_trip_longer_than_the_first_guess_is_learned() -> None:
    queue = NackQueue()
    queue.seen(0, 0)
    requests = []
    for index in range(20):
        begin_ns = index * 1000 * MS
        queue.seen(2 * index + 2, begin_ns)
        requests.append(sum(len(queue.due(begin_ns + passed * MS)) for passed in range(150)))
        queue.seen(2 * index + 1, begin_ns + 150 * MS)
    assert requests[0] == 3
    assert requests[-1] == 1


def test_the_round_trip_is_learned_within_bounds() -> None:
    queue = NackQueue()
    queue.seen(0, 0)
    for index in range(40):
        now_ns = index * 1000 * MS
        queue.seen(2 * index + 2, now_ns)
        queue.due(now_ns)
        queue.seen(2 * index + 1, now_ns + MS)
    assert queue.round_trip_ns < 2 * MS
    begin_ns = 60_000 * MS
    queue.seen(82, begin_ns)
    assert queue.due(begin_ns) == [81]
    assert queue.due(begin_ns + MIN_RETRY_NS - 1) == []
    assert queue.due(begin_ns + MIN_RETRY_NS) == [81]
    queue.round_trip_ns = 10 * MAX_RETRY_NS
    assert queue.due(begin_ns + MIN_RETRY_NS + MAX_RETRY_NS - 1) == []
    assert queue.due(begin_ns + MIN_RETRY_NS + MAX_RETRY_NS) == [81]


def test_an_unasked_packet_teaches_nothing() -> None:
    queue = NackQueue()
    queue.seen(1, 0)
    queue.seen(3, 0)
    before = queue.round_trip_ns
    queue.seen(2, 5)
    assert queue.round_trip_ns == before


def test_an_outage_is_bounded() -> None:
    queue = NackQueue()
    queue.seen(0, 0)
    queue.seen(5000, 0)
    assert len(queue) == MAX_MISSING
    queue.seen(5010, 0)
    assert len(queue) == MAX_MISSING
    asked = queue.due(0)
    assert len(asked) == MAX_REQUESTS
    assert queue.due(SPACING_NS)[0] == asked[-1] + 1


def test_a_retransmission_carries_the_original() -> None:
    payload = rtx_payload(0x1234, b"abc")
    packet = RtpPacket(97, True, 9, 99, 2, payload, {5: b"\0\1"})
    assert unwrap_rtx(packet, 96, 1) == RtpPacket(96, True, 0x1234, 99, 1, b"abc", {5: b"\0\1"})


def test_a_retransmission_without_content_is_a_probe() -> None:
    assert unwrap_rtx(RtpPacket(97, False, 9, 99, 2, b"\0\1"), 96, 1) is None
