"""An entry that was written is read back; anything else is refused."""

import pytest

from infra.ids import RenditionName, SessionId, StreamName
from origin.errors import JournalBroken
from origin.model import Kind
from origin.recording_entry import EntryRendition, KeptFile, Mp4Extent, RecordingEntry, parse_entry, print_entry

HD = RenditionName("720p")
ENTRY = RecordingEntry(
    *(StreamName("cat"), SessionId("s1"), 1, 2, 4000, 5_000_000),
    (EntryRendition(HD, Kind.VIDEO, "avc1.64001f", 1280, 720, 2_000_000, 1_900_000),),
    Mp4Extent(0, 4000, whole=True),
    {"index.m3u8": KeptFile(300, "abc")},
)


def test_what_was_printed_is_parsed_as_it_was() -> None:
    assert parse_entry(print_entry(ENTRY)) == ENTRY


def test_it_knows_what_its_renditions_carry() -> None:
    assert ENTRY.kind_of(HD) is Kind.VIDEO
    assert ENTRY.kind_of(RenditionName("audio")) is None


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", print_entry(ENTRY)[:-9]])
def test_what_is_no_entry_is_refused(data: bytes) -> None:
    with pytest.raises(JournalBroken, match="of its fields are wrong"):
        parse_entry(data)
