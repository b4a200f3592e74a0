"""Edge: all sessions of the node: which one is live under a name, who pushes into it, when it ends and is forgotten.

States of a session: waiting for its first push, live, interrupted (a push broke off; it may return within a time),
ended (still served, so that players reach its end), forgotten (its id is remembered and never used again). One that a
crash left without an end is served again after the start (`recover`) and waits for its publisher, or is ended.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import structlog

from infra.clock import Clock
from infra.ids import RenditionName, SessionId, StreamName
from infra.profiles import PROFILES
from infra.settings import Settings
from origin import metrics
from origin.cmaf_reader import ChunkSeen, Event
from origin.errors import DvrRefused, HeldTooLong, OriginFull, ResourceGone, SessionOver, StreamUnknown
from origin.journal import Opened
from origin.journal_writer import JournalWriter
from origin.live import LiveSession, Text
from origin.marks import HandOn, Marks
from origin.model import NS_PER_S, Kind
from origin.recorder import Recorder, Shelf
from origin.retention import parse_retention
from origin.session import Session
from origin.storage.read_through import ReadThrough
from origin.storage.write_behind import FLUSH_S, WriteBehind
from origin.unfinished import Recovery, Unfinished
from origin.waiting import WaitingRoom
from origin.window import Targets

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
        recover_s: a start waits at most so long for the store to tell of a crash, which then goes on in the background.
        index_hold_s: a player that comes a moment too early is held and not refused.
        hold_targets: target durations that a request for what comes next is held (rfc8216bis 6.2.5.2).
    """

    sessions: int = 256
    held: int = 20_000
    first_push_s: float = 30.0
    return_s: float = 10.0
    linger_s: float = 60.0
    recover_s: float = 5.0
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


class Push:
    """One CMAF body that feeds one rendition; made by `OriginHub.attach`.

    Attributes:
        attached: it may still feed; False once it was detached, replaced, or the session ended.
    """

    __slots__ = ("_clock", "attached", "entry", "name", "on_dropped")

    def __init__(self, entry: "_Entry", name: RenditionName, clock: Clock, on_dropped: Callable[[], None]) -> None:
        self.entry = entry
        self.name = name
        self.on_dropped = on_dropped
        self.attached = True
        self._clock = clock

    def take(self, events: Iterable[Event]) -> None:
        """What the body's reader found in the bytes that came together.

        Raises:
            CmafRefused: the media cannot be listed.
            SessionOver: the session has ended, or another push has taken this one's place.
        """
        if not self.attached:
            raise SessionOver(f"push of {self.name} refused: the session has ended, or a newer push replaced this one")
        now_ns = self._clock.now_ns()
        self.entry.live.take(self.name, self._counted(events, now_ns), now_ns)

    def _counted(self, events: Iterable[Event], now_ns: int) -> Iterator[Event]:
        for event in events:
            yield event
            if isinstance(event, ChunkSeen):  # and listed: what is refused raises
                metrics.PARTS.labels(self.entry.live.stream).inc()
                if event.chunk.capture_ns is not None:
                    metrics.PART_AGE_SECONDS.observe((now_ns - event.chunk.capture_ns) / NS_PER_S)


class _Entry:
    """A session, its pushes, the timers that may end it, and the renditions of before a restart that are awaited."""

    __slots__ = ("awaited", "live", "pushes", "timers")

    def __init__(self, live: LiveSession) -> None:
        self.live = live
        self.awaited: set[RenditionName] = set()
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
        settings: latency profile and window length.
        clock: tells when media arrives.
        storage: takes finished media.
        limits: how much and how long it holds.
        hand_on: takes each session whose journal has its end.

    Attributes:
        targets: the numbers of all playlists.
        retention: how long what is stored is kept.

    Raises:
        DvrRefused: the settings ask for a long list and for a store that forgets.
        RetentionRefused: a rule of the settings means nothing.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        storage: WriteBehind,
        limits: Limits | None = None,
        hand_on: HandOn | None = None,
    ) -> None:
        profile = PROFILES[settings.profile]
        self.targets = Targets(
            profile.target_duration_s,
            profile.part_target_s,
            profile.part_hold_back_s,
            profile.hold_back_s,
            Fraction(max(settings.window_s, settings.dvr_window_s)),
        )
        self._segment_s = Fraction(profile.segment_s)
        self._window_s = Fraction(settings.window_s)
        self._limits = limits or Limits()
        # a list that was fetched last may name segments as old as the window (rfc8216bis 6.2.2)
        self._linger_s = max(self._limits.linger_s, float(self.targets.window_s) + profile.target_duration_s)
        self._clock = clock
        self._storage = storage
        if settings.dvr_window_s and not storage.durable:
            raise DvrRefused("dvr_window_s refused: it needs a store that keeps what it is given, such as file:PATH")
        kept_s = 2 * settings.dvr_window_s  # what left the list may still be asked for as long again
        self.retention = parse_retention(settings.retention, max(settings.window_s, kept_s))
        self._marks = Marks(storage, hand_on)
        self._archive = ReadThrough(storage)
        live_s = self._window_s if settings.dvr_window_s else None
        self._shelf = Shelf(storage.put, self._archive, live_s)
        self._discarding = Shelf(_discard, self._archive)
        self._return_s = settings.recovery_grace_s
        self._recovery = Recovery(storage, self._marks, self._knows, self._may_return, self._take_up)
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

    async def recover(self) -> None:
        """Take up the sessions that a crash left without an end; before the first offer or push is taken.

        A store that does not answer is asked again in the background.
        """
        if self._storage.durable:
            self._recovery.start(self._clock)
            await self._recovery.done(self._limits.recover_s)

    def resume(self, stream: StreamName) -> SessionId | None:
        """The session that a returning publisher goes on with, or None; it waits for the first push now."""
        entry = self._current.get(stream)
        if entry is None or not entry.awaited or entry.live.core.ended:
            return None
        remaining_s = entry.timers[None].when() - asyncio.get_running_loop().time()
        entry.start_timer(None, max(remaining_s, self._limits.first_push_s), lambda: self._give_up(entry, None))
        return entry.live.session_id

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

    @property
    def held(self) -> int:
        """Requests that are held now."""
        return self._room.held

    def holds(self, stream: StreamName, session: SessionId) -> bool:
        """Whether a session is live, or ended so short a time ago that it is still served."""
        return (stream, session) in self._entries

    async def close(self) -> None:
        """End all sessions, answer who waits, give the journals their ends, within a bounded time."""
        await self._recovery.close()
        for entry in list(self._entries.values()):
            entry.live.end()
            self._forget(entry)
        if self._storage.works:
            await self._storage.flush(FLUSH_S)  # a journal's end is put when the media before it is stored
        await self._marks.close()
        await self._archive.close()

    def _open(self, stream: StreamName, session: SessionId) -> _Entry:
        key = (stream, session)
        if key in self._remembered:
            raise SessionOver(f"session {session} refused: it has ended; begin a new one")
        if key in self._entries:
            return self._entries[key]
        self._make_room()
        if stream in self._current:
            self._current[stream].live.end()
        targets = self.targets
        if not self.retention.stores(stream):  # there is no more of it than memory holds
            targets = replace(targets, window_s=min(targets.window_s, self._window_s))
        core = Session(targets, self._segment_s)
        recorder = self._recorder(stream, session, JournalWriter(waiting=True))
        recorder.begin(Opened(self._clock.now_ns(), targets, self._segment_s))
        entry = _Entry(LiveSession(stream, session, core, self._room, recorder, self._ended))
        self._entries[key] = self._current[stream] = entry
        entry.start_timer(None, self._limits.first_push_s, lambda: self._give_up(entry, None))
        metrics.SESSIONS.set(len(self._entries))
        _log.info("session opened", stream=stream, session=session)
        return entry

    def _recorder(self, stream: StreamName, session: SessionId, journal: JournalWriter) -> Recorder:
        if not self.retention.stores(stream):
            return Recorder(stream, session, self._discarding, None, self._marks.remove)
        kept = journal if self._storage.durable else None
        return Recorder(stream, session, self._shelf, kept, self._marks.remove)

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
        live.recorder.end(self._clock.now_ns())
        entry.stop_timers()
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
        self._remember(live.stream, live.session_id)
        metrics.SESSIONS.set(len(self._entries))

    def _remember(self, stream: StreamName, session: SessionId) -> None:
        self._remembered[stream, session] = None
        while len(self._remembered) > MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    @staticmethod
    def _give_up(entry: _Entry, name: RenditionName | None) -> None:
        live = entry.live
        _log.warning("session given up: no push came", stream=live.stream, session=live.session_id, rendition=name)
        live.end()

    # What a crash left

    def _take_up(self, unfinished: Unfinished, revived: Session | None) -> bool:
        """Serve a session until its publisher returns, or give its journal an end."""
        key, past = (unfinished.stream, unfinished.session), unfinished.past
        recorder = self._recorder(*key, unfinished.journal)
        if revived is not None and self._may_return(unfinished):
            entry = _Entry(LiveSession(*key, revived, self._room, recorder, self._ended))
            entry.awaited = set(revived.renditions)
            self._entries[key] = self._current[unfinished.stream] = entry
            entry.start_timer(None, self._return_s, lambda: self._give_up(entry, None))
            metrics.SESSIONS.set(len(self._entries))
            return True
        self._remember(*key)
        if past is None or past.ended:
            self._marks.remove(*key)
        else:
            recorder.end(past.end_ns)
        return False

    def _knows(self, stream: StreamName, session: SessionId) -> bool:
        return (stream, session) in self._entries or (stream, session) in self._remembered

    def _may_return(self, unfinished: Unfinished) -> bool:
        """Its publisher has time to return, and this node still makes what its playlists promise."""
        if not self._return_s or unfinished.stream in self._current or len(self._entries) >= self._limits.sessions:
            return False
        if (past := unfinished.past) is None:
            return False
        promised = replace(past.opened.targets, window_s=self.targets.window_s)
        return promised == self.targets and past.opened.segment_s == self._segment_s

    def _await_others(self, entry: _Entry, name: RenditionName) -> None:
        """The first rendition is back after a restart: the others follow soon, or belong to it no more."""
        for other in entry.awaited - {name}:
            entry.start_timer(other, self._limits.return_s, partial(entry.live.detach, other, clean=True))
        entry.awaited.clear()

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
        self._await_others(entry, name)
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


def _discard(key: str, data: bytes, on_stored: Callable[[], None] | None = None) -> None:
    """Finished media of a stream of which nothing is stored."""
