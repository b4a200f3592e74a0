"""Pure: one rendition of a session: its init sections, its window, its rates, and where its timeline stands."""

from fractions import Fraction

from infra.ids import RenditionName
from origin.model import Chunk, InitSection, Segment, TrackDescription
from origin.rates import PeakRate
from origin.window import Window, instant_after


class Rendition:
    """One encoding of one track; `origin.session` moves it.

    Attributes:
        name: as in its URL.
        init: the current init section, or None before the first one.
        next_init: number of the next init section.
        window: the live window, or None before the first chunk.
        attached: a POST feeds it.
        over: nothing comes any more, though other renditions may go on.
        placing: the next chunk does not continue what was before it.
        boundary: the next chunk opens a segment.
        marked: its pusher marks segment boundaries with ``styp``.
        skip: segments that are still to be dropped, to be in step with the other renditions.
        dropping: the segment that comes in now is dropped.
        end_ticks: decode time that continues the last chunk.
        end_ns: capture instant of that time, Unix nanoseconds.
        frame_rate: frames per second of video, 0 for audio or before the first chunk.
    """

    __slots__ = (
        "_bytes",
        "_largest_picture_bytes",
        "_peak",
        "_picture_peak",
        "_seconds",
        "_target_duration_s",
        "attached",
        "boundary",
        "dropping",
        "end_ns",
        "end_ticks",
        "frame_rate",
        "init",
        "marked",
        "name",
        "next_init",
        "over",
        "placing",
        "skip",
        "window",
    )

    def __init__(self, name: RenditionName, target_duration_s: int, first_init: int = 0) -> None:
        self.name = name
        self.init: InitSection | None = None
        self.next_init = first_init
        self.window: Window | None = None
        self.attached = False
        self.over = False
        self.placing = True
        self.boundary = False
        self.marked = False
        self.skip = 0
        self.dropping = False
        self.end_ticks = 0
        self.end_ns = 0
        self.frame_rate = Fraction(0)
        self._bytes = 0
        self._seconds = Fraction(0)
        self._peak, self._picture_peak = PeakRate(target_duration_s), PeakRate(target_duration_s)
        self._largest_picture_bytes = 0
        self._target_duration_s = target_duration_s

    @property
    def track(self) -> TrackDescription | None:
        """What its current init section says."""
        return self.init.track if self.init else None

    @property
    def playable(self) -> bool:
        """A player could begin with it."""
        return self.window is not None and self.window.playable

    def take_init(self, data: bytes, track: TrackDescription) -> InitSection | None:
        """Make an init section the current one.

        Returns:
            The new init section, or None if it is the same as before. What comes after a restart is never the same.
        """
        self.placing = True
        if self.init is not None and self.init.data == data and self.init.number + 1 == self.next_init:
            return None
        self.init = InitSection(self.next_init, data, track)
        self.next_init += 1
        self.frame_rate = Fraction(0)
        return self.init

    def restore(self, init: InitSection, window: Window, frame_rate: Fraction) -> None:
        """Stand where it stood before a restart: with its last init section, and a window of stored segments."""
        self.init, self.window, self.frame_rate = init, window, frame_rate
        self.end_ns = window.segments[-1].end_ns
        for segment in window.segments:
            self._bytes += segment.stored_bytes
            self._seconds += 0 if segment.gap else segment.duration_s
            self.measure_segment(segment)

    def find_init(self, number: int) -> InitSection | None:
        """An init section that may still be asked for."""
        known = [*(self.window.inits() if self.window else ()), *([self.init] if self.init else [])]
        return next((init for init in known if init.number == number), None)

    def measure(self, chunk: Chunk, timescale: int) -> None:
        """Count a chunk that is listed."""
        self._bytes += len(chunk.data)
        self._seconds += Fraction(chunk.duration_ticks, timescale)
        if chunk.picture:
            self._largest_picture_bytes = max(self._largest_picture_bytes, len(chunk.picture.data))
        if not self.frame_rate:
            self.frame_rate = Fraction(chunk.samples * timescale, chunk.duration_ticks)

    def measure_segment(self, segment: Segment) -> None:
        """Count a finished segment; one that is not whole says nothing."""
        if segment.discontinuity or segment.gap:
            self._peak.interrupt()
            self._picture_peak.interrupt()
        if segment.gap:
            return
        self._peak.add(segment.size_bytes, segment.duration_s)
        self._picture_peak.add(segment.iframe_bytes, segment.duration_s)

    @property
    def average_bps(self) -> int:
        """Declared or measured, whichever is higher; bit/s."""
        measured = round(self._bytes * 8 / self._seconds) if self._seconds else 0
        return max(measured, self.track.average_bps if self.track else 0)

    @property
    def peak_bps(self) -> int:
        """Declared or measured, whichever is higher, and never below the average; bit/s."""
        return max(self._peak.bps, self.track.peak_bps if self.track else 0, self.average_bps)

    @property
    def iframe_bps(self) -> int:
        """Peak of the I-frame playlist, measured, or of the largest picture so far once a segment; bit/s."""
        return self._picture_peak.bps or self._largest_picture_bytes * 8 // self._target_duration_s

    def advance(self, chunk: Chunk, program_ns: int, timescale: int) -> None:
        """The timeline goes on behind this chunk."""
        self.end_ticks = chunk.start_ticks + chunk.duration_ticks
        self.end_ns = instant_after(program_ns, chunk.duration_ticks, timescale)
