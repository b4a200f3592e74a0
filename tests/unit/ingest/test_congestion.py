from ingest.congestion import HISTORY_NS, MAX_SPAN, MAX_STATUSES, TransportFeedback, encode_statuses
from support.twcc_decoder import Feedback, read_feedback

MS = 1_000_000
NOW = 1_700_000_000_000 * MS
MODULUS_US = (1 << 24) * 64_000


def reports(feedback: TransportFeedback, now_ns: int = NOW) -> list[Feedback]:
    return [read_feedback(packet) for packet in feedback.feedback(now_ns, 7)]


def test_nothing_new_means_no_report() -> None:
    feedback = TransportFeedback(5)
    assert reports(feedback) == []
    feedback.record(1, NOW)
    assert len(reports(feedback)) == 1
    assert reports(feedback) == []


def test_arrivals_and_losses_are_reported_with_a_quarter_of_a_millisecond() -> None:
    feedback = TransportFeedback(5)
    times = {65534: 0, 65535: 3, 1: 11, 2: 400}
    for sequence, at_ms in times.items():
        feedback.record(sequence, NOW + at_ms * MS)
    (report,) = reports(feedback)
    assert (report.sender_ssrc, report.media_ssrc, report.base, report.count) == (5, 7, 65534, 5)
    assert report.missing == [0]
    assert report.arrivals_us == {
        sequence: (NOW // 1000 + at_ms * 1000) % MODULUS_US for sequence, at_ms in times.items()
    }


def test_the_next_report_goes_on_behind_the_last_and_counts_up() -> None:
    feedback = TransportFeedback(5)
    feedback.record(10, NOW)
    assert reports(feedback)[0].feedback_number == 0
    feedback.record(13, NOW)
    (report,) = reports(feedback)
    assert (report.base, report.count, report.missing, report.feedback_number) == (11, 3, [11, 12], 1)


def test_a_late_packet_is_reported_with_what_is_known_behind_it() -> None:
    feedback = TransportFeedback(5)
    for sequence in (10, 12):
        feedback.record(sequence, NOW)
    reports(feedback)
    feedback.record(11, NOW + 60 * MS)
    feedback.record(11, NOW + 90 * MS)  # a duplicate changes nothing
    (report,) = reports(feedback)
    assert sorted(report.arrivals_us) == [11, 12]
    assert report.arrivals_us[11] - report.arrivals_us[12] == 60_000


def test_late_packets_before_a_report_only_move_its_beginning() -> None:
    feedback = TransportFeedback(5)
    for sequence in (10, 9, 12):
        feedback.record(sequence, NOW)
    (report,) = reports(feedback)
    assert (report.base, report.count) == (9, 4)


def test_a_long_silence_between_packets_starts_another_report() -> None:
    feedback = TransportFeedback(5)
    feedback.record(1, NOW)
    feedback.record(2, NOW + 9000 * MS)
    first, second = reports(feedback)
    assert (list(first.arrivals_us), list(second.arrivals_us)) == ([1], [2])
    assert second.arrivals_us[2] - first.arrivals_us[1] == 9_000_000


def test_a_long_run_is_cut_into_several_reports() -> None:
    feedback = TransportFeedback(5)
    for sequence in range(MAX_STATUSES + 5):
        feedback.record(sequence, NOW + sequence * MS)
    first, second = reports(feedback)
    assert (first.count, second.base, second.count) == (MAX_STATUSES, MAX_STATUSES, 5)


def test_a_jump_of_the_numbers_is_bounded() -> None:
    feedback = TransportFeedback(5)
    feedback.record(0, NOW)
    feedback.record(30_000, NOW)
    feedback.record(5, NOW)  # too far behind by now
    found = reports(feedback)
    assert sum(report.count for report in found) == MAX_SPAN
    assert [sequence for report in found for sequence in report.arrivals_us] == [30_000]


def test_what_is_too_old_is_forgotten() -> None:
    feedback = TransportFeedback(5)
    for sequence in (1, 2, 4):
        feedback.record(sequence, NOW)
    reports(feedback, NOW + HISTORY_NS + 1)
    feedback.record(3, NOW + HISTORY_NS + 2)
    (report,) = reports(feedback)
    assert sorted(report.arrivals_us) == [3, 4]
    feedback.record(2, NOW + HISTORY_NS + 3)
    (report,) = reports(feedback)
    assert sorted(report.arrivals_us) == [2, 3, 4]


def test_chunks_are_the_shortest_kind_that_holds_the_symbols() -> None:
    assert len(encode_statuses([1] * 5000)) == 2
    assert len(encode_statuses([1] * 9000)) == 4  # a run has 13 bits
    assert len(encode_statuses([1, 0] * 7)) == 2
    assert len(encode_statuses([2, 0, 1] * 2)) == 2
    assert len(encode_statuses([1, 0] * 6 + [2, 2])) == 4
    assert encode_statuses([]) == b""
