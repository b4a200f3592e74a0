"""Pure: one session: its renditions kept in step, its discontinuities, its end.

Theory of operation. A pusher attaches a rendition, its `CmafReader` events are taken one by one, and it detaches,
cleanly or not. After every call, also one that raised, the edge drains what it must do, in order: store a file, answer
those who wait for a rendition, end.

Segments of all renditions have the same numbers for the same time. A *break* is a media sequence number at which a
discontinuity stands in every rendition. A rendition that begins again (a second init section, or a hole in its decode
times) starts at the next break it has not passed; if there is none, one is planned at the first number that no
rendition has opened. The numbers it missed become gaps; media that came for numbers before the break are dropped.

A hole within the open segment is no new beginning: what is lost is listed as parts with GAP=YES, and the segment as a
gap, in this rendition alone.

Events: `attach`, `take` (init, boundary, chunk), `detach`, `end`. States of a rendition: waiting for its init section,
placing (the next chunk decides where it goes on), running, detached (interrupted), over.

Invariants: discontinuities stand at the same numbers in all renditions; no part is longer than the part target; no
segment is longer than the target duration allows; nothing changes after `end`.
"""

from dataclasses import dataclass
from fractions import Fraction

from infra.ids import RenditionName
from origin.breaks import Breaks
from origin.cmaf_reader import BoundarySeen, Event, InitSeen
from origin.errors import CmafRefused, OriginFull, SessionOver
from origin.model import NS_PER_S, Chunk, InitSection, Segment
from origin.rendition import Rendition
from origin.window import OpenSegment, Targets, Window, instant_after, nominal_ticks

MAX_RENDITIONS = 16
MAX_PARTS_PER_SEGMENT = 256
MAX_SEGMENT_BYTES = 32 << 20  # 128 Mbit/s for two seconds
MAX_GAPS = 64  # segments a rendition may have missed
MAX_BEHIND = 4  # segments that a capture clock may lie before all that is known and still be believed
HOLE_S = Fraction(1, 4)  # decode times may jump this far and nothing is said; players bridge it
_ROUNDING_S = Fraction(1, 2)  # a segment may be this much longer than the target duration (rfc8216bis 4.4.3.1)


@dataclass(frozen=True, slots=True)
class Store:
    """An init section or a segment of a rendition is final; the segment may be a gap."""

    rendition: RenditionName
    item: InitSection | Segment


@dataclass(frozen=True, slots=True)
class Wake:
    """The playlist of a rendition changed."""

    rendition: RenditionName


@dataclass(frozen=True, slots=True)
class End:
    """The session is over: every playlist has its ENDLIST."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A discontinuity was planned at a media sequence number."""

    msn: int


Action = Store | Wake | End | Broken


class Session:
    """See the module's theory of operation.

    Args:
        targets: the promises of all its playlists.
        segment_s: nominal length of a segment.
        leading_gaps: how many gaps every list begins with, so that it is as long as players want at once.
        breaks: discontinuities of before a restart.
        resumes_at: the first number that nothing of before a restart can have; 0 for a new session.
    """

    __slots__ = ("_actions", "_breaks", "_leading_gaps", "_resumes_at", "_segment_s", "ended", "renditions", "targets")

    def __init__(
        self,
        targets: Targets,
        segment_s: Fraction,
        leading_gaps: int = 0,
        breaks: Breaks | None = None,
        resumes_at: int = 0,
    ) -> None:
        self.targets = targets
        self.renditions: dict[RenditionName, Rendition] = {}
        self.ended = False
        self._segment_s = segment_s
        self._leading_gaps = leading_gaps
        self._breaks = breaks or Breaks()
        self._resumes_at = resumes_at
        self._actions: list[Action] = []

    @property
    def playable(self) -> bool:
        """Every rendition that is not over has something to begin with."""
        awaited = [rendition for rendition in self.renditions.values() if not rendition.over]
        return bool(self.playable_renditions()) and all(rendition.playable for rendition in awaited)

    def playable_renditions(self) -> list[Rendition]:
        """Those that belong into the multivariant playlist."""
        over_too = self.ended
        return [each for each in self.renditions.values() if each.playable and (over_too or not each.over)]

    # Events

    def attach(self, name: RenditionName) -> None:
        """A pusher begins; an earlier one of the same rendition was detached before.

        Raises:
            SessionOver: the session has ended.
            OriginFull: it has as many renditions as are allowed.
        """
        if self.ended:
            raise SessionOver("push refused: the session has ended; begin a new one")
        if name not in self.renditions:
            if len(self.renditions) >= MAX_RENDITIONS:
                raise OriginFull(f"rendition refused: a session has at most {MAX_RENDITIONS}")
            self.renditions[name] = Rendition(name, self.targets.target_duration_s, self._resumes_at)
        rendition = self.renditions[name]
        rendition.attached, rendition.over, rendition.placing = True, False, True
        rendition.boundary = rendition.marked = False

    def take(self, name: RenditionName, event: Event, now_ns: int) -> None:
        """One event of an attached rendition.

        Raises:
            CmafRefused: the media cannot be listed without breaking a promise of the playlists.
            SessionOver: the session has ended.
        """
        if self.ended:
            raise SessionOver("push refused: the session has ended; begin a new one")
        rendition = self.renditions[name]
        match event:
            case InitSeen():
                self._take_init(rendition, event)
            case BoundarySeen():
                rendition.boundary = rendition.marked = True
                rendition.over = event.last
                self._close(rendition)
            case _:
                self._take_chunk(rendition, event.chunk, now_ns)

    def detach(self, name: RenditionName, *, clean: bool) -> None:
        """A pusher is gone. Cleanly, its rendition is over, and with the last one the session."""
        rendition = self.renditions[name]
        rendition.attached = False
        rendition.over = rendition.over or clean
        if not self.ended:
            self._close(rendition)
        if all(each.over and not each.attached for each in self.renditions.values()):
            self.end()

    def end(self) -> None:
        """The broadcast is over, whatever the pushers do; a second time nothing happens."""
        if self.ended:
            return
        for rendition in self.renditions.values():
            self._close(rendition)
            if rendition.window is not None:
                rendition.window.end()
        self.ended = True
        self._actions.append(End())

    def drain(self) -> list[Action]:
        """What the edge must do since the last time, in order."""
        actions, self._actions = self._actions, []
        return actions

    # Inside

    def _take_init(self, rendition: Rendition, seen: InitSeen) -> None:
        if rendition.track is not None and rendition.track.kind is not seen.track.kind:
            raise CmafRefused(f"init section refused: the rendition carries {rendition.track.kind} since it began")
        self._close(rendition)
        init = rendition.take_init(seen.data, seen.track)
        if init is not None:
            self._actions.append(Store(rendition.name, init))

    def _close(self, rendition: Rendition) -> None:
        """The open segment of a rendition is whole."""
        segment = rendition.window.close_segment() if rendition.window else None
        if segment is not None:
            rendition.measure_segment(segment)
            self._actions.append(Store(rendition.name, segment))
            self._actions.append(Wake(rendition.name))

    def _take_chunk(self, rendition: Rendition, chunk: Chunk, now_ns: int) -> None:
        init = rendition.init
        if init is None:
            raise CmafRefused("chunk refused: the init section must come first")
        timescale = init.track.timescale
        length_s = Fraction(chunk.duration_ticks, timescale)
        if length_s > self.targets.part_target_s:
            raise CmafRefused(
                f"chunk of {float(length_s):.3f} s refused: a part is at most {float(self.targets.part_target_s):.3f} s"
            )
        program_ns = self._program_ns(rendition, chunk, now_ns, timescale)
        hole_ticks = chunk.start_ticks - rendition.end_ticks
        if self._fills(rendition, hole_ticks, timescale):
            assert rendition.window is not None, "a segment is open"
            rendition.window.add_lost_parts(hole_ticks)
        elif rendition.placing or abs(hole_ticks) > HOLE_S * timescale:
            self._close(rendition)
            self._place(rendition, init, program_ns)
        window = rendition.window
        assert window is not None, "placing makes one"
        if self._opens(rendition, window.open, chunk, timescale):
            self._close(rendition)
            rendition.dropping = rendition.skip > 0
            rendition.skip -= rendition.dropping
            if not rendition.dropping:
                window.open_segment(init, program_ns, discontinuity=window.next_msn in self._breaks)
        rendition.boundary = False
        rendition.advance(chunk, program_ns, timescale)
        if not rendition.dropping:
            self._check_room(window.open, chunk)
            window.add_part(chunk)
            rendition.measure(chunk, timescale)
            self._actions.append(Wake(rendition.name))

    def _program_ns(self, rendition: Rendition, chunk: Chunk, now_ns: int, timescale: int) -> int:
        """Capture instant of a chunk: as told, or what continues the last one, or just now."""
        if chunk.capture_ns is not None:
            return chunk.capture_ns
        if rendition.placing:
            return instant_after(now_ns, -chunk.duration_ticks, timescale)
        return instant_after(rendition.end_ns, chunk.start_ticks - rendition.end_ticks, timescale)

    def _fills(self, rendition: Rendition, hole_ticks: int, timescale: int) -> bool:
        """Whether a hole in decode times is listed as lost parts: it lies within the open segment and fits into it."""
        grown = rendition.window.open if rendition.window else None
        if grown is None or rendition.placing or rendition.boundary or hole_ticks <= HOLE_S * timescale:
            return False
        return Fraction(grown.duration_ticks + hole_ticks, timescale) <= self.targets.target_duration_s + _ROUNDING_S

    def _opens(self, rendition: Rendition, grown: OpenSegment | None, chunk: Chunk, timescale: int) -> bool:
        """Whether a chunk opens a segment: it was marked so, or the open one must not become any longer."""
        if rendition.boundary or (grown is None and not rendition.dropping):
            return True
        if grown is None:
            return False
        before_s = Fraction(grown.duration_ticks, timescale)
        after_s = before_s + Fraction(chunk.duration_ticks, timescale)
        if after_s > self.targets.target_duration_s + _ROUNDING_S:
            return True
        long_enough = before_s + self.targets.part_target_s / 2 >= self._segment_s
        return not rendition.marked and chunk.independent and long_enough

    @staticmethod
    def _check_room(grown: OpenSegment | None, chunk: Chunk) -> None:
        assert grown is not None, "a segment is open, or the chunk is dropped"
        if len(grown.parts) >= MAX_PARTS_PER_SEGMENT:
            raise CmafRefused(f"chunk refused: a segment has at most {MAX_PARTS_PER_SEGMENT}")
        if sum(map(len, grown.chunks)) + len(chunk.data) > MAX_SEGMENT_BYTES:
            raise CmafRefused(f"chunk refused: a segment has at most {MAX_SEGMENT_BYTES} bytes")

    def _place(self, rendition: Rendition, init: InitSection, program_ns: int) -> None:
        """Decide the number of the segment that a rendition goes on with."""
        rendition.placing, rendition.boundary, rendition.dropping, rendition.skip = False, True, False, 0
        msn = self._number_at(rendition, program_ns)
        window, unopened = rendition.window, self._first_unopened()
        if window is None:
            first = unopened if msn is None else msn
            if first == unopened and self._windows() and not self._others_run(rendition):
                self._next_break(first)  # those that are interrupted will go on here too
            rendition.window = self._first_window(init, first, program_ns)
            return
        start = self._next_break(window.next_msn)
        resumed = start if msn is None else max(start, msn)
        if start < resumed == unopened and not self._others_run(rendition):
            resumed = self._next_break(resumed)  # all were silent for a while
        if resumed - window.next_msn > MAX_GAPS:
            raise CmafRefused(f"rendition refused: it missed more than {MAX_GAPS} segments; begin a new session")
        rendition.skip = 0 if msn is None else resumed - msn
        self._fill_gaps(rendition, window, init, resumed)
        self._actions.append(Wake(rendition.name))

    def _first_window(self, init: InitSection, first: int, program_ns: int) -> Window:
        """The window of a rendition that begins with a number; at the start of the session there are gaps before it.

        Those stand for nothing and are not stored: a recording does not begin with them.
        """
        if self._resumes_at or not self._leading_gaps or first != self._leading_gaps:
            first_part = self._resumes_at * MAX_PARTS_PER_SEGMENT  # whatever it was called before, none had this number
            return Window(self.targets, first, self._breaks.count_before(first), first_part)
        window = Window(self.targets, 0, 0)
        ticks = nominal_ticks(self._segment_s, init.track.timescale)
        window.lead_with_gaps(init, program_ns, first, ticks)
        return window

    def _fill_gaps(self, rendition: Rendition, window: Window, init: InitSection, until_msn: int) -> None:
        """List what a rendition missed, up to a number.

        Before the break its own timeline and init section go on; from there on dates are those of the others.
        """
        start = self._breaks.next_from(window.next_msn)
        before = window.segments[-1].init if window.segments else init
        while window.next_msn < until_msn:
            msn = window.next_msn
            program_ns, length_s = self._peer_times(rendition, msn)
            if start is not None and msn < start:
                used, program_ns = before, rendition.end_ns
            else:
                used = init
            ticks = nominal_ticks(length_s, used.track.timescale)
            gap = window.add_gap(used, program_ns, ticks, discontinuity=msn in self._breaks)
            self._actions.append(Store(rendition.name, gap))
            rendition.end_ns = instant_after(program_ns, ticks, used.track.timescale)

    def _peer_times(self, rendition: Rendition, msn: int) -> tuple[int, Fraction]:
        """When the segment of this number began, and its length, as another rendition knows it, or by reckoning."""
        for window in self._windows():
            found = next((each for each in window.segments if each.msn == msn), None)
            if found is not None:
                return found.program_ns, found.duration_s
            if window.open is not None and window.open.msn == msn:
                return window.open.program_ns, self._segment_s
        return rendition.end_ns, self._segment_s

    def _next_break(self, msn: int) -> int:
        """The first break at this number or behind it; one is planned if there is none."""
        start = self._breaks.next_from(msn)
        if start is None:
            start = self._first_unopened()
            self._breaks.plan(start, min(window.media_sequence for window in self._windows()))
            self._actions.append(Broken(start))
        return start

    def _windows(self) -> list[Window]:
        return [each.window for each in self.renditions.values() if each.window]

    def _first_unopened(self) -> int:
        """The lowest number that no rendition which goes on has opened."""
        windows = [each.window for each in self.renditions.values() if each.window and not each.over]
        return max((window.next_msn for window in windows), default=self._resumes_at or self._leading_gaps)

    def _others_run(self, rendition: Rendition) -> bool:
        """The timeline of some other rendition goes on now."""
        others = [each for each in self.renditions.values() if each is not rendition and each.window]
        return any(each.attached and not each.placing for each in others)

    def _number_at(self, rendition: Rendition, program_ns: int) -> int | None:
        """The number that the other renditions give to the time at which a segment starts.

        Never behind the first number that none has opened: time in which all were silent has no numbers.

        Returns:
            None if there are none, or the time lies too far before all they know to be believed.
        """
        starts: list[tuple[int, int]] = []  # (instant, number)
        for peer in self.renditions.values():
            if peer is rendition or peer.window is None:
                continue
            starts += [(segment.program_ns, segment.msn) for segment in peer.window.segments]
            if peer.window.open is not None:
                starts.append((peer.window.open.program_ns, peer.window.open.msn))
        if not starts:
            return None
        nearest_ns, msn = min(starts, key=lambda start: abs(start[0] - program_ns))
        apart = round(Fraction(program_ns - nearest_ns, round(self._segment_s * NS_PER_S)))
        return min(max(0, msn + apart), self._first_unopened()) if apart >= -MAX_BEHIND else None
