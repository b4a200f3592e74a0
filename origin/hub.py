"""Edge: all sessions of the node: which one is live under a name, who pushes into it, when it ends and is forgotten.

States of a session: waiting for its first push, live, interrupted (a push broke off; it may return within a time),
ended (still served, so that players reach its end), forgotten (its id is remembered and never used again). One that a
crash left without an end is served again after the start (`recover`) and waits for its publisher, or is ended.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial

import structlog

from infra.clock import Clock
from infra.ids import RenditionName, SessionId, StreamName, session_id
from infra.profiles import PROFILES
from infra.settings import Settings
from infra.stage_times import StageTimesOfStreams
from origin import metrics
from origin.archive import Archive
from origin.entry import Entry, Push
from origin.errors import HeldTooLong, OriginFull, ResourceGone, SessionOver, StreamTaken, StreamUnknown
from origin.foreign import ForeignSession
from origin.journal import Opened
from origin.journal_writer import JournalWriter
from origin.live import LiveSession
from origin.marks import HandOn
from origin.session import Session
from origin.snapshot import ForeignStream, RenditionInfo, SessionInfo
from origin.storage.write_behind import WriteBehind
from origin.text import Text
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


class OriginHub:
    """See the module's docstring. All methods must be called on the event loop.

    Args:
        settings: latency profile, window length, leading gaps.
        clock: tells when media arrives.
        storage: takes finished media.
        limits: how much and how long it holds.
        hand_on: takes each session whose journal has its end.

    Attributes:
        targets: the numbers of all playlists.
        retention: how long what is stored is kept.
        stage_times: of every session that is open; the stages before this one write into it too.

    Raises:
        DvrRefused, RetentionRefused: as `origin.archive.Archive`.
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
        self._leading_gaps = settings.leading_gaps
        self._limits = limits or Limits()
        # a list that was fetched last may name segments as old as the window (rfc8216bis 6.2.2)
        self._linger_s = max(self._limits.linger_s, float(self.targets.window_s) + profile.target_duration_s)
        self._clock = clock
        self.stage_times = StageTimesOfStreams()
        self._archive = Archive(settings, storage, hand_on)
        self.retention = self._archive.retention
        self._return_s = settings.recovery_grace_s
        self._recovery = Recovery(self._archive, self._knows, self._may_return, self._take_up)
        self._room = WaitingRoom(self._limits.held, self._limits.hold_targets * profile.target_duration_s)
        self._entries: dict[tuple[StreamName, SessionId], Entry] = {}  # oldest first
        self._current: dict[StreamName, Entry] = {}
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
        if self._archive.storage.durable:
            self._recovery.start(self._clock)
            await self._recovery.done(self._limits.recover_s)

    def resume(self, stream: StreamName) -> SessionId | None:
        """The session that a returning WebRTC publisher goes on with, or None; it waits for the first push now."""
        entry = self._current.get(stream)
        if entry is None or entry.foreign is not None or not entry.waits:
            return None
        waits_s = max(entry.remaining_s(None), self._limits.first_push_s)
        entry.start_timer(None, waits_s, lambda: self._give_up(entry, None))
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

    def foreign_streams(self) -> list[ForeignStream]:
        """What foreign encoders push now."""
        return [
            ForeignStream(stream, entry.live.session_id, entry.foreign.opened_ns)
            for stream, entry in self._current.items()
            if entry.foreign is not None and not entry.waits and not entry.live.core.ended
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
        """End all sessions, answer who waits, give the journals their ends, within a bounded time."""
        await self._recovery.close()
        for entry in list(self._entries.values()):
            entry.live.end()
            self._forget(entry)
        await self._archive.close()

    def foreign_session(self, stream: StreamName, random_bytes: bytes) -> SessionId:
        """The session a foreign encoder pushes into: that of its other renditions, or of before a crash, or a new one.

        Args:
            stream: its stream.
            random_bytes: for the id of a new one; see `infra.ids.session_id`.

        Raises:
            StreamTaken: a publisher of this node is live under the name.
            OriginFull: too many are live.
        """
        entry = self._current.get(stream)
        if entry is None or entry.live.core.ended or (entry.foreign is None and entry.waits):
            now_ns = self._clock.now_ns()
            session = session_id(now_ns, random_bytes)
            self._open(stream, session, ForeignSession(self.targets, self._segment_s, now_ns))
            return session
        if entry.foreign is None:
            raise StreamTaken(f"push refused: stream {stream} is live already, published over WebRTC", _RETRY_AFTER_S)
        return entry.live.session_id

    def _open(self, stream: StreamName, session: SessionId, foreign: ForeignSession | None = None) -> Entry:
        key = (stream, session)
        if key in self._remembered:
            raise SessionOver(f"session {session} refused: it has ended; begin a new one")
        if key in self._entries:
            return self._entries[key]
        self._make_room()
        if stream in self._current:
            self._current[stream].live.end()
        targets = replace(self.targets, window_s=self._archive.window_s(stream))
        core = Session(targets, self._segment_s, self._leading_gaps)
        recorder = self._archive.recorder(stream, session, JournalWriter(waiting=True))
        recorder.begin(Opened(self._clock.now_ns(), targets, self._segment_s, foreign is not None))
        live = LiveSession(stream, session, core, self._room, recorder, self._ended)
        entry = Entry(live, foreign, self.stage_times.open(stream, session))
        self._serve(entry, self._limits.first_push_s)
        _log.info("session opened", stream=stream, session=session)
        return entry

    def _serve(self, entry: Entry, first_push_s: float) -> None:
        """From now on, as the live session of its stream; it is given up if no push comes in time."""
        live = entry.live
        self._entries[live.stream, live.session_id] = self._current[live.stream] = entry
        entry.start_timer(None, first_push_s, lambda: self._give_up(entry, None))
        metrics.SESSIONS.set(len(self._entries))

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
        self.stage_times.close(live.stream, live.session_id)
        entry.start_timer(None, self._linger_s, lambda: self._forget(entry))
        pushes, entry.pushes = entry.pushes, {}
        for push in pushes.values():
            self._drop(push)
        _log.info("session ended", stream=live.stream, session=live.session_id)

    def _forget(self, entry: Entry) -> None:
        live = entry.live
        entry.stop_timers()
        self._entries.pop((live.stream, live.session_id), None)
        if self._current.get(live.stream) is entry:
            del self._current[live.stream]
            metrics.forget(live.stream)
        self._remember(live.stream, live.session_id)
        metrics.SESSIONS.set(len(self._entries))

    def _remember(self, stream: StreamName, session: SessionId) -> None:
        self._remembered[stream, session] = None
        while len(self._remembered) > MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]

    @staticmethod
    def _give_up(entry: Entry, name: RenditionName | None) -> None:
        live = entry.live
        _log.warning("session given up: no push came", stream=live.stream, session=live.session_id, rendition=name)
        live.end()

    # What a crash left

    def _take_up(self, unfinished: Unfinished, revived: Session | None) -> bool:
        """Serve a session until its publisher returns, or give its journal an end."""
        key, past = (unfinished.stream, unfinished.session), unfinished.past
        recorder = self._archive.recorder(*key, unfinished.journal)
        if revived is not None and past is not None and self._may_return(unfinished):
            foreign = None
            if past.opened.foreign:
                foreign = ForeignSession(past.opened.targets, self._segment_s, past.opened.opened_ns)
            live = LiveSession(*key, revived, self._room, recorder, self._ended)
            entry = Entry(live, foreign, self.stage_times.open(*key))
            entry.awaited = set(revived.renditions)
            self._serve(entry, self._return_s)
            return True
        self._remember(*key)
        if past is None or past.ended:
            self._archive.marks.remove(*key)
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

    def _await_others(self, entry: Entry, name: RenditionName) -> None:
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
