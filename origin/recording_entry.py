"""Pure: a finished recording's entry: what is told of it, kept as one small object, written last.

Whatever has an entry is whole: all files that it names are stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from infra.ids import RenditionName, SessionId, StreamName
from origin.errors import JournalBroken
from origin.model import Kind

MAX_ENTRY_BYTES = 1 << 20  # of what is read: ours are some KB


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was made for the recording.

    Attributes:
        size_bytes: its length.
        etag: its strong entity tag, without quotes.
    """

    size_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class EntryRendition:
    """A rendition as it is told of; sizes in pixels, 0 for audio."""

    name: RenditionName
    kind: Kind
    codec: str
    width: int
    height: int
    peak_bps: int
    average_bps: int


@dataclass(frozen=True, slots=True)
class Mp4Extent:
    """Which part of the recording its MP4 file holds; less than all of it if parameters changed on the way.

    Attributes:
        start_ms: where it begins on the recording's timeline.
        duration_ms: how long it is.
        whole: it holds all of it.
    """

    start_ms: int
    duration_ms: int
    whole: bool


@dataclass(frozen=True, slots=True)
class RecordingEntry:
    """A finished recording.

    Attributes:
        stream: its stream.
        session: its session.
        opened_ns: when it began, Unix nanoseconds.
        ended_ns: when it ended, Unix nanoseconds.
        duration_ms: length of its playlists.
        size_bytes: of all media and all files.
        renditions: what can be played.
        mp4: what its MP4 file holds; None if there is none.
        files: those that were made for it, by path.
    """

    stream: StreamName
    session: SessionId
    opened_ns: int
    ended_ns: int
    duration_ms: int
    size_bytes: int
    renditions: tuple[EntryRendition, ...]
    mp4: Mp4Extent | None
    files: Mapping[str, KeptFile]

    def kind_of(self, rendition: RenditionName) -> Kind | None:
        """What a rendition carries; None if there is no such rendition."""
        return next((each.kind for each in self.renditions if each.name == rendition), None)


_ENTRY: TypeAdapter[RecordingEntry] = TypeAdapter(RecordingEntry)


def print_entry(entry: RecordingEntry) -> bytes:
    """The entry as its object."""
    return _ENTRY.dump_json(entry, indent=1) + b"\n"


def parse_entry(data: bytes) -> RecordingEntry:
    """The entry that an object holds.

    Raises:
        JournalBroken: it holds none.
    """
    try:
        return _ENTRY.validate_json(data[:MAX_ENTRY_BYTES])
    except ValidationError as error:
        raise JournalBroken(f"entry of a recording refused: {error.error_count()} of its fields are wrong") from error
