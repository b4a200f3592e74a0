"""A journal that was written is read back; a torn one is read as far as it is whole."""

from fractions import Fraction

import pytest

from infra.ids import RenditionName
from origin.journal import BreakPlanned, Ended, InitStored, Opened, Record, SegmentStored, parse_page, print_page
from origin.model import Kind, TrackDescription
from origin.window import Targets

TARGETS = Targets(2, Fraction(1024 * 16, 48_000), Fraction(1024 * 48, 48_000), 6, Fraction(60))
TRACK = TrackDescription(Kind.VIDEO, "avc1.64001f", 90_000, width=1280, height=720, peak_bps=2_800_000)
NAME = RenditionName("720p")
RECORDS: list[Record] = [
    Opened(1_700_000_000_000_000_000, TARGETS, Fraction(2)),
    InitStored(NAME, 0, TRACK, 700),
    SegmentStored(NAME, 0, 0, 900_000, 180_000, 1_700_000_000_000_000_000, False, 6, 700_000),
    SegmentStored(NAME, 1, 0, 0, 180_000, 1_700_000_002_000_000_000, True, 6, 0, Fraction(30000, 1001)),
    BreakPlanned(2),
    Ended(1_700_000_004_000_000_000),
]


def test_what_was_printed_is_parsed_as_it_was() -> None:
    assert parse_page(print_page(RECORDS)) == RECORDS


def test_a_segment_without_bytes_is_a_gap() -> None:
    assert [record.gap for record in RECORDS if isinstance(record, SegmentStored)] == [False, True]


def test_a_torn_page_is_read_as_far_as_it_is_whole() -> None:
    page = print_page(RECORDS)
    for kept in range(len(print_page(RECORDS[:-1])), len(page) - 1):
        assert parse_page(page[:kept]) == RECORDS[:-1]


@pytest.mark.parametrize("line", [b"", b"[]", b'{"kind":"other"}', b'{"kind":"ended"}', b"\xff\xfe"])
def test_nothing_is_believed_behind_a_line_that_is_no_record(line: bytes) -> None:
    page = print_page(RECORDS[:2]) + line + b"\n" + print_page(RECORDS[2:])
    assert parse_page(page) == RECORDS[:2]
