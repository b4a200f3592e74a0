"""Edge: a session as the hub holds it: what feeds it, and what may end it."""

import asyncio
from collections.abc import Callable, Iterable, Iterator

from infra.clock import Clock
from infra.ids import RenditionName
from infra.stage_times import ListedPart, StageTimes
from origin import metrics
from origin.cmaf_reader import ChunkSeen, Event
from origin.errors import SessionOver
from origin.foreign import ForeignRendition, ForeignSession
from origin.live import LiveSession
from origin.model import NS_PER_S, Chunk
from origin.window import instant_after


class Push:
    """One CMAF body that feeds one rendition; made by `origin.hub.OriginHub.attach`.

    Attributes:
        attached: it may still feed; False once it was detached, replaced, or the session ended.
    """

    __slots__ = ("_clock", "_foreign", "attached", "entry", "name", "on_dropped")

    def __init__(self, entry: "Entry", name: RenditionName, clock: Clock, on_dropped: Callable[[], None]) -> None:
        self.entry = entry
        self.name = name
        self.on_dropped = on_dropped
        self.attached = True
        self._clock = clock
        self._foreign: ForeignRendition | None = None
        if entry.foreign is not None:
            self._foreign = entry.foreign.rendition(name)
            self._foreign.begin()

    @property
    def lead_s(self) -> float:
        """How far its media runs ahead of the clock, which only a foreign encoder's can; in seconds."""
        return 0.0 if self._foreign is None else max(0, self._foreign.end_ns - self._clock.now_ns()) / NS_PER_S

    def take(self, events: Iterable[Event]) -> None:
        """What the body's reader found in the bytes that came together.

        Raises:
            CmafRefused: the media cannot be listed.
            SessionOver: the session has ended, or another push has taken this one's place.
        """
        if not self.attached:
            raise SessionOver(f"push of {self.name} refused: the session has ended, or a newer push replaced this one")
        now_ns = self._clock.now_ns()
        if self._foreign is None:
            self.entry.live.take(self.name, self._counted(events, now_ns), now_ns)
            return
        before = self._foreign.repeated
        self.entry.live.take(self.name, self._counted(self._foreign.arrange(events, now_ns), now_ns), now_ns)
        metrics.REPEATED.labels(self.entry.live.stream).inc(self._foreign.repeated - before)

    def finish(self) -> None:
        """The body came to its end.

        Raises:
            CmafRefused, SessionOver: as `take`.
        """
        if self._foreign is not None and self.attached:
            now_ns = self._clock.now_ns()
            self.entry.live.take(self.name, self._counted(self._foreign.finish(), now_ns), now_ns)

    def _counted(self, events: Iterable[Event], now_ns: int) -> Iterator[Event]:
        for event in events:
            yield event
            if isinstance(event, ChunkSeen):  # and listed: what is refused raises
                metrics.PARTS.labels(self.entry.live.stream).inc()
                if event.chunk.capture_ns is not None:
                    metrics.PART_AGE_SECONDS.observe((now_ns - event.chunk.capture_ns) / NS_PER_S)
                    self._note_listed(event.chunk, event.chunk.capture_ns)

    def _note_listed(self, chunk: Chunk, capture_ns: int) -> None:
        rendition = self.entry.live.core.renditions[self.name]
        if rendition.window is not None and rendition.track is not None:
            duration_ns = instant_after(0, chunk.duration_ticks, rendition.track.timescale)
            number = rendition.window.next_part - 1
            self.entry.times.listed(self.name, ListedPart(number, capture_ns, duration_ns, self._clock.now_ns()))


class Entry:
    """A session, its pushes, and the timers that may end it.

    Attributes:
        live: the session at work.
        foreign: arranges what a foreign encoder pushes; None: our workers push.
        awaited: its renditions of before a restart, until the first of them is back.
        pushes: what feeds it now.
        timers: by rendition; None is the session itself.
        times: when its pictures passed each stage.
    """

    __slots__ = ("awaited", "foreign", "live", "pushes", "timers", "times")

    def __init__(self, live: LiveSession, foreign: ForeignSession | None, times: StageTimes) -> None:
        self.live = live
        self.times = times
        self.foreign = foreign
        self.awaited: set[RenditionName] = set()
        self.pushes: dict[RenditionName, Push] = {}
        self.timers: dict[RenditionName | None, asyncio.TimerHandle] = {}

    @property
    def waits(self) -> bool:
        """A crash cut it off, and its publisher has not returned."""
        return bool(self.awaited) and not self.live.core.ended

    def start_timer(self, name: RenditionName | None, seconds: float, call: Callable[[], None]) -> None:
        """Have something called, unless the timer is stopped or started again before."""
        self.stop_timer(name)
        self.timers[name] = asyncio.get_running_loop().call_later(seconds, call)

    def remaining_s(self, name: RenditionName | None) -> float:
        """How long a timer that runs has to go, in seconds."""
        return self.timers[name].when() - asyncio.get_running_loop().time()

    def stop_timer(self, name: RenditionName | None) -> None:
        """Stop one, if it runs."""
        if timer := self.timers.pop(name, None):
            timer.cancel()

    def stop_timers(self) -> None:
        """Stop all."""
        for name in list(self.timers):
            self.stop_timer(name)
