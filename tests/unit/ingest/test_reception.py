import pytest

from ingest.reception import Reception

S = 1_000_000_000


def test_before_the_first_packet_nothing_is_lost() -> None:
    reception = Reception(7, 90_000)
    block = reception.report_block(0)
    assert (block.ssrc, block.fraction_lost, block.packets_lost, block.last_report) == (7, 0, 0, 0)


def test_loss_is_a_count_and_a_fraction_since_the_last_report() -> None:
    reception = Reception(7, 90_000)
    for sequence in (100, 101, 103):
        reception.on_packet(sequence, 0, 0)
    block = reception.report_block(0)
    assert (block.fraction_lost, block.packets_lost, block.highest_sequence) == (64, 1, 103)
    reception.on_packet(104, 0, 0)
    assert reception.report_block(0).fraction_lost == 0
    assert reception.lost == 1


def test_duplicates_make_no_negative_fraction() -> None:
    reception = Reception(7, 90_000)
    reception.on_packet(1, 0, 0)
    reception.report_block(0)
    reception.on_packet(2, 0, 0)
    reception.on_packet(2, 0, 0)
    block = reception.report_block(0)
    assert (block.fraction_lost, block.packets_lost) == (0, -1)


def test_the_delay_since_the_last_sender_report_is_told() -> None:
    reception = Reception(7, 90_000)
    reception.on_sender_report(0x1111_2222_3333_4444, 5 * S)
    block = reception.report_block(5 * S + S // 2)
    assert (block.last_report, block.delay) == (0x2222_3333, 32768)


def test_jitter_is_how_arrival_deviates_from_rtp_time() -> None:
    steady, jittery = Reception(7, 90_000), Reception(8, 90_000)
    for index in range(200):
        for repeat in range(2):  # packets of one picture say nothing
            steady.on_packet(2 * index + repeat, 3000 * index, index * S // 30)
            jittery.on_packet(2 * index + repeat, 3000 * index, index * S // 30 + (index % 2) * 10_000_000)
    assert steady.jitter_ms < 0.1
    assert jittery.jitter_ms == pytest.approx(10, abs=0.5)
    assert jittery.report_block(0).jitter == pytest.approx(900, abs=45)
