"""Records of journals of made-up sessions, in segments of two seconds, and the recordings that they are read as."""

from fractions import Fraction

from infra.ids import RenditionName
from origin.journal import Ended, InitStored, Opened, Record, SegmentStored
from origin.model import NS_PER_S, TrackDescription
from origin.names import init_file
from origin.recording import Recording, read_recording
from support.origin_media import START_NS, VIDEO, targets

OPENED = Opened(START_NS, targets(60), Fraction(2))
ENDED = Ended(START_NS + 60 * NS_PER_S)


def init(name: RenditionName, number: int = 0, track: TrackDescription = VIDEO) -> InitStored:
    """An init section."""
    return InitStored(name, number, track, 700)


def segment(
    name: RenditionName,
    msn: int,
    size_bytes: int = 500_000,
    *,
    number: int = 0,
    broken: bool = False,
    duration_s: Fraction = Fraction(2),
    timescale: int = 90_000,
) -> SegmentStored:
    """A segment; of no bytes, a gap."""
    ticks = int(duration_s * timescale)
    program_ns = START_NS + msn * 2 * NS_PER_S
    return SegmentStored(name, msn, number, msn * 2 * timescale, ticks, program_ns, broken, 6, size_bytes)


def read(*records: Record, lost: frozenset[tuple[str, str]] = frozenset()) -> Recording:
    """The recording of a session that ended; what was lost, as (rendition, file), is not in the store."""
    found = {(each.rendition, each.number) for each in records if isinstance(each, InitStored)}
    inits = {key: b"init-%d" % key[1] for key in found if (key[0], init_file(key[1])) not in lost}
    return read_recording([OPENED, *records, ENDED], inits, lambda name, file: (name, file) not in lost)
