"""Edge: all sessions of the node: which one is live under a name, who pushes into it, when it ends and is forgotten.

States of a session: waiting for its first push, live, interrupted (a push broke off; it may return within a time),
ended (still served, so that players reach its end), forgotten (its id is remembered and never used again).
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

import structlog

from infra.clock import Clock
from infra.ids import RenditionName, SessionId, StreamName, session_id
from infra.profiles import PROFILES
from infra.settings import Settings
from infra.stage_times import ListedPart, StageTimes, StageTimesOfStreams
from origin import metrics
from origin.cmaf_reader import ChunkSeen, Event
from origin.errors import HeldTooLong, OriginFull, ResourceGone, SessionOver, StreamTaken, StreamUnknown
from origin.foreign import ForeignRendition, ForeignSession
from origin.live import LiveSession
from origin.model import NS_PER_S, Chunk, Kind
from origin.retention import parse_retention
from origin.session import Session
from origin.storage.write_behind import WriteBehind
from origin.text import Text
from origin.waiting import WaitingRoom
from origin.window import Targets, instant_after

MAX_REMEMBERED = 4096  # ids of forgotten sessions
_RETRY_AFTER_S = 1

_log = structlog.get_logger("origin.hub")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much and how long a hub holds.

    Attributes:
        sessions: at once, those that ended a moment ago among them.
        held: requests at once; about 10 KB each.
        first_push_s: a session that nobody pushes into ends after this time.
        return_s: an interrupted rendition's push must be back within this time, or the session ends.
        linger_s: an ended session is served at least this long.
        index_hold_s: a player that comes a moment too early is held and not refused.
        hold_targets: target durations that a request for what comes next is held (rfc8216bis 6.2.5.2).
    """

    sessions: int = 256
    held: int = 20_000
    first_push_s: float = 30.0
    return_s: float = 10.0
    linger_s: float = 60.0
    index_hold_s: float = 5.0
    hold_targets: float = 3.0


@dataclass(frozen=True, slots=True)
class RenditionInfo:
    """A rendition as ``/api/streams`` shows it; sizes in pixels, 0 for audio."""

    name: RenditionName
    kind: Kind
    width: int
    height: int
    bandwidth_bps: int


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A live session as ``/api/streams`` shows it; ``playable``: its multivariant playlist can be fetched."""

    session: SessionId
    playable: bool
    renditions: tuple[RenditionInfo, ...]


@dataclass(frozen=True, slots=True)
class ForeignStream:
    """A stream that a foreign encoder pushes; ``opened_ns`` is Unix time."""

    name: StreamName
    session: SessionId
    opened_ns: int


class Push:
    """One CMAF body that feeds one rendition; made by `OriginHub.attach`.

    Attributes:
        attached: it may still feed; False once it was detached, replaced, or the session ended.
    """

    __slots__ = ("_clock", "_foreign", "attached", "entry", "name", "on_dropped")

    def __init__(self, entry: "_Entry", name: RenditionName, clock: Clock, on_dropped: Callable[[], None]) -> None:
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


class _Entry:
    """A session, its pushes, and the timers that may end it."""

    __slots__ = ("foreign", "live", "pushes", "timers", "times")

    def __init__(self, live: LiveSession, foreign: ForeignSession | None, times: StageTimes) -> None:
        self.live = live
        self.times = times
        self.foreign = foreign  # None: pushed by our workers
        self.pushes: dict[RenditionName, Push] = {}
        self.timers: dict[RenditionName | None, asyncio.TimerHandle] = {}  # None: of the session itself

    def start_timer(self, name: RenditionName | None, seconds: float, call: Callable[[], None]) -> None:
        self.stop_timer(name)
        self.timers[name] = asyncio.get_running_loop().call_later(seconds, call)

    def stop_timer(self, name: RenditionName | None) -> None:
        if timer := self.timers.pop(name, None):
            timer.cancel()

    def stop_timers(self) -> None:
        for name in list(self.timers):
            self.stop_timer(name)


class OriginHub:
    """See the module's docstring. All methods must be called on the event loop.

    Args:
        settings: latency profile, window length, leading gaps.
        clock: tells when media arrives.
        storage: takes finished media.
        limits: how much and how long it holds.

    Attributes:
        targets: the numbers of all playlists.
        retention: how long what is stored is kept.
        stage_times: of every session that is open; the stages before this one write into it too.

    Raises:
        RetentionRefused: a rule of the settings means nothing.
    """

    def __init__(self, settings: Settings, clock: Clock, storage: WriteBehind, limits: Limits | None = None) -> None:
        profile = PROFILES[settings.profile]
        self.targets = Targets(
            profile.target_duration_s,
            profile.part_target_s,
            profile.part_hold_back_s,
            profile.hold_back_s,
            Fraction(settings.window_s),
        )
        self._segment_s = Fraction(profile.segment_s)
        self._leading_gaps = settings.leading_gaps
        self._limits = limits or Limits()
        # a list that was fetched last may name segments as old as the window (rfc8216bis 6.2.2)
        self._linger_s = max(self._limits.linger_s, settings.window_s + profile.target_duration_s)
        self._clock = clock
        self._storage = storage
        self.retention = parse_retention(settings.retention, settings.window_s)
        self.stage_times = StageTimesOfStreams()
        self._room = WaitingRoom(self._limits.held, self._limits.hold_targets * profile.target_duration_s)
        self._entries: dict[tuple[StreamName, SessionId], _Entry] = {}  # oldest first
        self._current: dict[StreamName, _Entry] = {}
        self._remembered: dict[tuple[StreamName, SessionId], None] = {}  # oldest first

    # Sessions

    def open_session(self, stream: StreamName, session: SessionId) -> None:
        """Begin a session; one that is live under the same name ends. A session that is open already stays.

        Raises:
            SessionOver: this session has ended before.
            OriginFull: too many are live.
        """
        self._open(stream, session)

    def session_of(self, stream: StreamName) -> SessionInfo | None:
        """The live session of a stream, or None."""
        entry = self._current.get(stream)
        if entry is None or entry.live.core.ended:
            return None
        core = entry.live.core
        renditions = tuple(
            RenditionInfo(each.name, each.track.kind, each.track.width, each.track.height, each.peak_bps)
            for each in core.playable_renditions()
            if each.track
        )
        return SessionInfo(entry.live.session_id, core.playable, renditions)

    def foreign_streams(self) -> list[ForeignStream]:
        """What foreign encoders push now."""
        return [
            ForeignStream(stream, entry.live.session_id, entry.foreign.opened_ns)
            for stream, entry in self._current.items()
            if entry.foreign is not None and not entry.live.core.ended
        ]

    @property
    def held(self) -> int:
        """Requests that are held now."""
        return self._room.held

    def holds(self, stream: StreamName, session: SessionId) -> bool:
        """Whether a session is live, or ended so short a time ago that it is still served."""
        return (stream, session) in self._entries

    def end_sessions(self) -> None:
        """End all sessions and answer who waits; what came is still served."""
        for entry in list(self._entries.values()):
            entry.live.end()

    async def close(self) -> None:
        """End all sessions and answer who waits."""
        for entry in list(self._entries.values()):
            entry.live.end()
            self._forget(entry)

    def foreign_session(self, stream: StreamName, random_bytes: bytes) -> SessionId:
        """The session a foreign encoder pushes into: the one that its other renditions opened, or a new one.

        Args:
            stream: its stream.
            random_bytes: for the id of a new one; see `infra.ids.session_id`.

        Raises:
            StreamTaken: a publisher of this node is live under the name.
            OriginFull: too many are live.
        """
        entry = self._current.get(stream)
        if entry is None or entry.live.core.ended:
            now_ns = self._clock.now_ns()
            session = session_id(now_ns, random_bytes)
            self._open(stream, session, ForeignSession(self.targets, self._segment_s, now_ns))
            return session
        if entry.foreign is None:
            raise StreamTaken(f"push refused: stream {stream} is live already, published over WebRTC", _RETRY_AFTER_S)
        return entry.live.session_id

    def _open(self, stream: StreamName, session: SessionId, foreign: ForeignSession | None = None) -> _Entry:
        key = (stream, session)
        if key in self._remembered:
            raise SessionOver(f"session {session} refused: it has ended; begin a new one")
        if key in self._entries:
            return self._entries[key]
        self._make_room()
        if stream in self._current:
            self._current[stream].live.end()
        core = Session(self.targets, self._segment_s, self._leading_gaps)
        store = self._storage.put if self.retention.stores(stream) else _discard
        live = LiveSession(stream, session, core, self._room, store, self._ended)
        entry = _Entry(live, foreign, self.stage_times.open(stream, session))
        self._entries[key] = self._current[stream] = entry
        entry.start_timer(None, self._limits.first_push_s, lambda: self._give_up(entry, None))
        metrics.SESSIONS.set(len(self._entries))
        _log.info("session opened", stream=stream, session=session)
        return entry

    def _make_room(self) -> None:
        if len(self._entries) < self._limits.sessions:
            return
        ended = next((entry for entry in self._entries.values() if entry.live.core.ended), None)
        if ended is None:
            raise OriginFull(f"session refused: {self._limits.sessions} are live", _RETRY_AFTER_S)
        self._forget(ended)

    def _ended(self, live: LiveSession) -> None:
        """A session came to its end: stop its pushes, serve it a while, then forget it."""
        entry = self._entries[live.stream, live.session_id]
        entry.stop_timers()
        self.stage_times.close(live.stream, live.session_id)
        entry.start_timer(None, self._linger_s, lambda: self._forget(entry))
        pushes, entry.pushes = entry.pushes, {}
        for push in pushes.values():
            self._drop(push)
        _log.info("session ended", stream=live.stream, session=live.session_id)

    def _forget(self, entry: _Entry) -> None:
        live = entry.live
        entry.stop_timers()
        self._entries.pop((live.stream, live.session_id), None)
        if self._current.get(live.stream) is entry:
            del self._current[live.stream]
        self._remembered[live.stream, live.session_id] = None
        while len(self._remembered) > MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        metrics.SESSIONS.set(len(self._entries))

    @staticmethod
    def _give_up(entry: _Entry, name: RenditionName | None) -> None:
        live = entry.live
        _log.warning("session given up: no push came", stream=live.stream, session=live.session_id, rendition=name)
        live.end()

    # Pushes

    def attach(
        self, stream: StreamName, session: SessionId, name: RenditionName, on_dropped: Callable[[], None]
    ) -> Push:
        """A push begins; it opens its session if need be, and takes the place of one that still runs.

        Args:
            stream: its stream.
            session: its session.
            name: the rendition it feeds.
            on_dropped: called when the push must stop because another one took its place or the session ended.

        Raises:
            SessionOver: the session has ended.
            OriginFull: a limit is reached.
        """
        entry = self._open(stream, session)
        if earlier := entry.pushes.pop(name, None):
            entry.live.detach(name, clean=False)
            self._drop(earlier)
        entry.live.attach(name)
        entry.stop_timer(None)
        entry.stop_timer(name)
        push = entry.pushes[name] = Push(entry, name, self._clock, on_dropped)
        metrics.PUSHES.inc()
        return push

    def detach(self, push: Push, *, clean: bool) -> None:
        """A push is over, cleanly or broken off; one that was replaced or whose session ended is over already."""
        if not push.attached:
            return
        push.attached = False
        entry, name = push.entry, push.name
        del entry.pushes[name]
        metrics.PUSHES.dec()
        entry.live.detach(name, clean=clean)
        core = entry.live.core
        if not clean:
            metrics.INTERRUPTIONS.labels(entry.live.stream).inc()
        if not core.ended and not core.renditions[name].over:
            entry.start_timer(name, self._limits.return_s, lambda: self._give_up(entry, name))

    @staticmethod
    def _drop(push: Push) -> None:
        push.attached = False
        metrics.PUSHES.dec()
        push.on_dropped()

    # Viewers

    async def index(self, stream: StreamName) -> Text:
        """The multivariant playlist of a stream's live session, or of the one that ended a moment ago.

        Raises:
            StreamUnknown: nothing is live, or nothing of it can be played yet.
        """
        entry = self._current.get(stream)
        if entry is None:
            raise StreamUnknown(f"stream {stream} is not live", _RETRY_AFTER_S)
        try:
            return await entry.live.index(self._limits.index_hold_s)
        except HeldTooLong:
            raise StreamUnknown(f"stream {stream} has nothing to play yet", _RETRY_AFTER_S) from None

    def live(self, stream: StreamName, session: SessionId) -> LiveSession:
        """A session that is served.

        Raises:
            ResourceGone: there is none, or not any more.
        """
        entry = self._entries.get((stream, session))
        if entry is None:
            raise ResourceGone(f"session {session} of {stream} is not served, or not any more")
        return entry.live


def _discard(_key: str, _data: bytes) -> None:
    """Finished media of a stream of which nothing is stored."""
