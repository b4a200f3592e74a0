"""Pages are written one at a time, the later ones behind the earlier ones."""

from infra.ids import RenditionName
from origin.journal import PAGE_RECORDS, BreakPlanned, Record, parse_page
from origin.journal_writer import JournalWriter, Page

NAME = RenditionName("720p")


def records(first: int, count: int) -> list[Record]:
    return [BreakPlanned(msn) for msn in range(first, first + count)]


def read(page: Page | None) -> tuple[int, list[Record]]:
    assert page is not None
    return page.number, parse_page(page.data)


def test_a_record_is_written_at_once_when_nothing_is_being_written() -> None:
    writer = JournalWriter()
    assert writer.settled
    assert read(writer.add(BreakPlanned(0))) == (0, records(0, 1))
    assert not writer.settled
    assert writer.stored() is None
    assert writer.settled


def test_what_comes_during_a_write_is_written_together_afterwards() -> None:
    writer = JournalWriter()
    writer.add(BreakPlanned(0))
    assert [writer.add(record) for record in records(1, 9)] == [None] * 9
    assert read(writer.stored()) == (0, records(0, 10))
    assert writer.stored() is None


def test_nothing_is_written_before_what_must_come_first() -> None:
    writer = JournalWriter(waiting=True)
    assert not writer.settled
    assert writer.add(BreakPlanned(0)) is None
    assert read(writer.stored()) == (0, records(0, 1))


def test_a_full_page_is_left_alone_and_the_next_one_begun_behind_it() -> None:
    writer = JournalWriter(waiting=True)
    for record in records(0, PAGE_RECORDS + 3):
        writer.add(record)
    assert read(writer.stored()) == (0, records(0, PAGE_RECORDS))
    assert read(writer.stored()) == (1, records(PAGE_RECORDS, 3))
    assert writer.stored() is None
    assert read(writer.add(BreakPlanned(PAGE_RECORDS + 3))) == (1, records(PAGE_RECORDS, 4))


def test_a_page_that_is_just_full_is_not_written_again() -> None:
    writer = JournalWriter(waiting=True)
    for record in records(0, PAGE_RECORDS):
        writer.add(record)
    writer.stored()
    assert writer.stored() is None
    assert read(writer.add(BreakPlanned(PAGE_RECORDS))) == (1, records(PAGE_RECORDS, 1))


def test_a_journal_is_gone_on_with_where_it_was_left() -> None:
    writer = JournalWriter(7, records(0, 2))
    assert writer.settled
    assert read(writer.add(BreakPlanned(2))) == (7, records(0, 3))


def test_a_journal_that_was_left_with_a_full_page_goes_on_with_the_next_one() -> None:
    writer = JournalWriter(7, records(0, PAGE_RECORDS))
    assert read(writer.add(BreakPlanned(PAGE_RECORDS))) == (8, records(PAGE_RECORDS, 1))


def test_records_that_come_together_are_written_together() -> None:
    assert read(JournalWriter().add(*records(0, 3))) == (0, records(0, 3))
    assert JournalWriter().add() is None
