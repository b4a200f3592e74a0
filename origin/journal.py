"""Pure: a session's journal: what of it is safe in the store, enough to go on after a crash or to make it a recording.

Theory of operation. A journal is a run of pages, objects beside the media (`origin.names.journal_key`). A page is text,
one record a line, JSON. Full pages never change; the last one is written again with every record, so that neither a
write nor the reading of what changed grows with the length of the broadcast.

Invariants: the first record of the first page is `Opened`; a file is journalled only after the store has it; `Ended`
is the last record. Whatever follows a line that cannot be read is not believed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from infra.ids import RenditionName
from origin.model import TrackDescription
from origin.window import Targets

PAGE_RECORDS = 256  # about 50 KB: a page is written again for every record, four renditions fill one in two minutes
MAX_PAGE_BYTES = 4 << 20  # of what is read: pages of ours are a hundredth of it


@dataclass(frozen=True, slots=True)
class Opened:
    """The session began.

    Attributes:
        opened_ns: when, Unix nanoseconds.
        targets: the promises of its playlists.
        segment_s: nominal length of a segment.
        foreign: a foreign encoder pushes it, and no worker of ours.
    """

    opened_ns: int
    targets: Targets
    segment_s: Fraction
    foreign: bool = False
    kind: Literal["opened"] = "opened"


@dataclass(frozen=True, slots=True)
class InitStored:
    """An init section is stored.

    Attributes:
        rendition: whose.
        number: of the init section.
        track: what it says.
        size_bytes: length of its object.
    """

    rendition: RenditionName
    number: int
    track: TrackDescription
    size_bytes: int
    kind: Literal["init"] = "init"


@dataclass(frozen=True, slots=True)
class SegmentStored:
    """A finished segment is stored with its I-frame, or is a gap.

    Attributes:
        rendition: whose.
        msn: its media sequence number.
        init: number of the init section it is decoded with.
        start_ticks: decode time of its first sample; 0 for a gap.
        duration_ticks: as `origin.model.Segment.duration_ticks`.
        program_ns: capture instant of its first sample, Unix nanoseconds.
        discontinuity: it does not continue the segment before it.
        next_part: number of the part that follows its last one.
        size_bytes: length of its object; 0 for a gap, which has none.
        frame_rate: of the rendition, in frames per second; 0 for audio, or if not known.
        iframe_bytes: length of its I-frame's object; 0 if there is none.
    """

    rendition: RenditionName
    msn: int
    init: int
    start_ticks: int
    duration_ticks: int
    program_ns: int
    discontinuity: bool
    next_part: int
    size_bytes: int
    frame_rate: Fraction = Fraction(0)
    iframe_bytes: int = 0
    kind: Literal["segment"] = "segment"

    @property
    def gap(self) -> bool:
        """Its media never came (EXT-X-GAP)."""
        return self.size_bytes == 0


@dataclass(frozen=True, slots=True)
class BreakPlanned:
    """A discontinuity stands before a number in every rendition, also where that segment was never stored.

    Attributes:
        msn: the media sequence number.
    """

    msn: int
    kind: Literal["break"] = "break"


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over.

    Attributes:
        ended_ns: when, Unix nanoseconds.
    """

    ended_ns: int
    kind: Literal["ended"] = "ended"


Record = Opened | InitStored | SegmentStored | BreakPlanned | Ended
_RECORD: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="kind")])


def print_page(records: Iterable[Record]) -> bytes:
    """A page of the journal."""
    return b"".join(_RECORD.dump_json(record) + b"\n" for record in records)


def parse_page(data: bytes) -> list[Record]:
    """The records of a page, up to the first line that is none: a torn page is as good as what is whole of it."""
    records: list[Record] = []
    for line in data[:MAX_PAGE_BYTES].splitlines():
        try:
            records.append(_RECORD.validate_json(line))
        except ValidationError:
            break
    return records
