"""Ready-made values of the origin's model, and sessions that were fed."""

from fractions import Fraction

from infra.ids import RenditionName
from infra.profiles import PROFILES
from infra.settings import Profile
from origin.cmaf_reader import BoundarySeen, ChunkSeen, InitSeen
from origin.model import NS_PER_S, Chunk, InitSection, Kind, TrackDescription
from origin.session import Session
from origin.window import Targets, Window

START_NS = 1_800_000_000 * NS_PER_S
VIDEO = TrackDescription(
    Kind.VIDEO, "avc1.640020", 90_000, width=1280, height=720, peak_bps=2_000_000, average_bps=1_900_000
)
AUDIO = TrackDescription(
    Kind.AUDIO, "mp4a.40.2", 48_000, channels=2, sample_rate=48_000, peak_bps=128_000, average_bps=128_000
)
INIT = InitSection(0, b"init", VIDEO)
PART_TICKS = 30_000
PARTS_PER_SEGMENT = 6
HD, SD, SOUND = RenditionName("720p"), RenditionName("360p"), RenditionName("audio")
_PROFILE = PROFILES[Profile.STANDARD]


def targets(window_s: int = 12) -> Targets:
    """What the standard profile promises."""
    return Targets(
        _PROFILE.target_duration_s,
        _PROFILE.part_target_s,
        _PROFILE.part_hold_back_s,
        _PROFILE.hold_back_s,
        Fraction(window_s),
    )


def chunk(
    index: int, *, base_ticks: int = 0, dated: bool = True, data: bytes = b"part", ticks: int = PART_TICKS
) -> Chunk:
    """The part of this index on a grid of a third of a second."""
    capture_ns = START_NS + index * NS_PER_S // 3 if dated else None
    return Chunk(data, base_ticks + index * PART_TICKS, ticks, 10, index % PARTS_PER_SEGMENT == 0, capture_ns)


def fill(window: Window, segments: int, *, discontinuity_at: int = -1) -> None:
    """Add finished segments of six parts."""
    for _ in range(segments):
        msn = window.next_msn
        window.open_segment(INIT, START_NS + msn * 2 * NS_PER_S, discontinuity=msn == discontinuity_at)
        for index in range(PARTS_PER_SEGMENT):
            window.add_part(chunk(msn * PARTS_PER_SEGMENT + index))
        window.close_segment()


def open_part(window: Window, parts: int = 1) -> None:
    """Open the next segment and list some parts of it."""
    msn = window.next_msn
    window.open_segment(INIT, START_NS + msn * 2 * NS_PER_S, discontinuity=False)
    for index in range(parts):
        window.add_part(chunk(msn * PARTS_PER_SEGMENT + index))


class Feeder:
    """Feeds a pure session as pushers would."""

    def __init__(self, window_s: int = 12, leading_gaps: int = 0) -> None:
        self.session = Session(targets(window_s), Fraction(2), leading_gaps)
        self.now_ns = START_NS

    def begin(self, *names: RenditionName, init: bytes = b"init", track: TrackDescription | None = None) -> None:
        """Attach renditions and give them their init sections."""
        for name in names:
            self.session.attach(name)
            self.init(name, init, track)

    def init(self, name: RenditionName, init: bytes = b"init", track: TrackDescription | None = None) -> None:
        """An init section within a body."""
        default = AUDIO if name == SOUND else VIDEO
        self.session.take(name, InitSeen(init, track or default), self.now_ns)

    def boundary(self, name: RenditionName, *, last: bool = False) -> None:
        """The open segment is whole."""
        self.session.take(name, BoundarySeen(last), self.now_ns)

    def part(self, name: RenditionName, index: int, **fields: int) -> None:
        """The part of this index, with its boundary where a segment begins."""
        if index % PARTS_PER_SEGMENT == 0:
            self.boundary(name)
        self.raw(name, self.video_or_audio(name, index, **fields))

    def parts(self, name: RenditionName, first: int, count: int, **fields: int) -> None:
        """So many parts."""
        for index in range(first, first + count):
            self.part(name, index, **fields)

    def raw(self, name: RenditionName, given: Chunk) -> None:
        """Any chunk, without a boundary."""
        self.session.take(name, ChunkSeen(given), self.now_ns)

    @staticmethod
    def video_or_audio(name: RenditionName, index: int, base_ticks: int = 0) -> Chunk:
        """A chunk in the rendition's own timescale."""
        made = chunk(index, base_ticks=base_ticks)
        if name != SOUND:
            return made
        return Chunk(b"aac", base_ticks + index * 16_000, 16_000, 16, True, made.capture_ns)

    def window(self, name: RenditionName) -> Window:
        """The window of a rendition that has one."""
        window = self.session.renditions[name].window
        assert window is not None
        return window

    def listed(self, name: RenditionName) -> list[tuple[int, bool, bool, int]]:
        """Finished segments as (msn, discontinuity, gap, parts)."""
        return [(each.msn, each.discontinuity, each.gap, len(each.parts)) for each in self.window(name).segments]


def first_variant(multivariant: str) -> str:
    """Address of the first media playlist that a multivariant playlist names."""
    return next(line for line in multivariant.splitlines() if line and not line.startswith("#"))
