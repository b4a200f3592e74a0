"""Edge: one broadcast: a publisher now or soon, its viewers, and the feed into the transcoder."""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from infra.clock import Clock
from infra.ids import SessionId, StreamName
from infra.stage_times import Arrived, StageTimesOfStreams
from ingest import metrics
from ingest.connection import Connection
from ingest.forwarder import Forwarder
from ingest.grace import BroadcastMachine, Phase
from ingest.negotiation import SentTrack
from ingest.receiver import Receiver
from ingest.session import EndReason
from ingest.snapshot import StreamSnapshot, TrackSnapshot, track_snapshots
from ingest.tasks import TaskHost
from ingest.tracks import TrackPlan
from ingest.viewer import ViewerSession
from transcoder.access_unit import AccessUnit, Track

_NS_PER_MS = 1_000_000
_MAX_PENDING_UNITS = 400  # waiting for the transcoder to start: 5 s of video and sound


class Feed(Protocol):
    """Access units into one transcoder."""

    def push(self, unit: AccessUnit) -> None:
        """Take one; never blocks."""
        ...

    async def finish(self) -> None:
        """The broadcast is over."""
        ...


class Sessions(Protocol):
    """The origin as broadcasts need it."""

    def open_session(self, stream: StreamName, session: SessionId) -> None:
        """A broadcast begins."""

    def resume(self, stream: StreamName) -> SessionId | None:
        """The session that waits for its publisher since the node died, which goes on; or None."""


class FeedSource(Protocol):
    """Starts transcoders; `transcoder.supervisor.Supervisor` is one."""

    async def start(
        self,
        stream: StreamName,
        session: SessionId,
        on_keyframe_wanted: Callable[[], None],
        tracks: Collection[Track],
    ) -> Feed:
        """Start one for a session with these tracks."""
        ...


class Publisher:
    """A publisher's connection and what it agreed to send."""

    def __init__(self, connection: Connection, plans: Sequence[TrackPlan], sent: Sequence[SentTrack]) -> None:
        self.connection = connection
        self.plans = tuple(plans)
        self.sent = tuple(sent)
        self.receiver: Receiver | None = None
        self.task: asyncio.Task[None] | None = None  # of the receiver


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every broadcast of a node uses.

    Attributes:
        clock: of the node.
        grace_ns: how long a lost publisher's return is waited for.
        tasks: owner of all tasks.
        feeds: starts transcoders.
        origin_open: tells the origin of a new session.
        stage_times: is told when pictures pass.
        on_ended: called once by each broadcast when it is over.
    """

    clock: Clock
    grace_ns: int
    tasks: TaskHost
    feeds: FeedSource
    origin_open: Callable[[StreamName, SessionId], None]
    stage_times: StageTimesOfStreams
    on_ended: Callable[["Broadcast"], None]


class Broadcast:
    """One session of a stream, from its first publisher's offer to its end."""

    def __init__(self, stream: StreamName, session: SessionId, around: Surroundings) -> None:
        self.stream = stream
        self.session = session
        self.started_ns = around.clock.now_ns()
        self.publisher: Publisher | None = None
        self.viewers: dict[Connection, ViewerSession | None] = {}
        self._around = around
        self._machine = BroadcastMachine(around.grace_ns)
        self._forwarder = Forwarder(stream)
        self._kinds: frozenset[Track] = frozenset()  # what the transcoder was started for; empty before
        self._feed: Feed | None = None
        self._pending: deque[AccessUnit] | None = deque()  # until the transcoder runs; None if it never will
        self._over = asyncio.Event()
        self._tracks: tuple[TrackSnapshot, ...] = ()
        self._log = structlog.get_logger("ingest.broadcast").bind(stream=stream, session=session)

    @property
    def phase(self) -> Phase:
        """Where it is in its life."""
        return self._machine.phase

    @property
    def sent(self) -> tuple[SentTrack, ...]:
        """What the publisher sends; empty without one."""
        return () if self.publisher is None else self.publisher.sent

    def snapshot(self) -> StreamSnapshot:
        """What there is to tell of it; the tracks of a lost publisher are still told."""
        publisher = self.publisher
        receiver = None if publisher is None else publisher.receiver
        stats = None if receiver is None else receiver.stats()
        if publisher is not None:
            self._tracks = track_snapshots(publisher.sent, () if stats is None else stats.tracks)
        return StreamSnapshot(
            name=self.stream,
            session=self.session,
            state=self.phase.value,
            started_ms=self.started_ns // _NS_PER_MS,
            viewers=len(self._forwarder),
            tracks=self._tracks,
            round_trip_ms=None if stats is None else stats.round_trip_ms,
        )

    def takes(self, plans: Sequence[TrackPlan]) -> bool:
        """Whether a publisher with these tracks can go on with it: renditions of a session do not come and go."""
        return not self._kinds or self._kinds == {plan.track for plan in plans}

    def offered(self, publisher: Publisher) -> None:
        """A publisher was answered; it takes the place of the one before, if there is one."""
        before, self.publisher = self.publisher, publisher
        self._machine.offered(self._around.clock.now_ns())
        if before is not None:
            _stop_receiving(before)
            before.connection.end(EndReason.TAKEN_OVER)
        publisher.connection.listen(
            lambda: self._on_publisher_live(publisher),
            lambda reason, _was_live: self._on_publisher_gone(publisher, reason),
        )

    def joined(self, connection: Connection, plans: Sequence[TrackPlan]) -> None:
        """A viewer was answered; the keyframe it will start with is on its way while it connects."""
        self.viewers[connection] = None
        if any(plan.track is Track.VIDEO for plan in plans):
            self.request_keyframe()
        connection.listen(
            lambda: self._on_viewer_live(connection, plans),
            lambda reason, was_live: self._on_viewer_gone(connection, reason, was_live=was_live),
        )

    def request_keyframe(self) -> None:
        """Somebody needs a keyframe; the receiver makes few requests of many wishes."""
        publisher = self.publisher
        if publisher is not None and publisher.receiver is not None:
            publisher.receiver.request_keyframe()

    def tick(self, now_ns: int) -> None:
        """Time passes."""
        if self.phase is not Phase.ENDED:
            self._machine.tick(now_ns)
            self._end_if_over("publisher did not return")

    def end(self, reason: EndReason) -> None:
        """End it now."""
        if self.phase is not Phase.ENDED:
            self._machine.gone(self._around.clock.now_ns(), deliberate=True)
            self._end_if_over(reason.value)

    def _on_publisher_live(self, publisher: Publisher) -> None:
        if publisher is not self.publisher:  # taken over while it connected
            return
        returned = self.phase is Phase.INTERRUPTED
        self._machine.connected()
        receiver = Receiver(
            publisher.plans,
            publisher.connection.transport,
            self._around.clock,
            self._on_unit,
            on_bye=lambda: publisher.connection.end(EndReason.GOODBYE),
            stream=self.stream,
        )
        publisher.receiver = receiver
        publisher.task = self._around.tasks.spawn(receiver.run(), f"receiver of {self.stream}")
        if returned:
            metrics.PUBLISHERS_RETURNED.inc()
        else:
            self._around.origin_open(self.stream, self.session)
            self._kinds = frozenset(plan.track for plan in publisher.plans)
            self._around.tasks.spawn(self._run_feed(), f"feed of {self.stream}")
        codecs = [track.codec.name for track in publisher.sent]
        self._log.info("publisher returned" if returned else "publisher connected", codecs=codecs)
        publisher.connection.deliver_to(receiver)

    def _on_publisher_gone(self, publisher: Publisher, reason: EndReason) -> None:
        _stop_receiving(publisher)
        if publisher is not self.publisher or self.phase is Phase.ENDED:
            return
        self.publisher = None
        lost = self.phase is Phase.LIVE and not reason.deliberate
        if lost:
            metrics.PUBLISHERS_LOST.inc()
        self._machine.gone(self._around.clock.now_ns(), deliberate=reason.deliberate)
        self._log.info("publisher lost" if lost else "publisher left", reason=reason.value)
        self._end_if_over(reason.value)

    def _on_viewer_live(self, connection: Connection, plans: Sequence[TrackPlan]) -> None:
        viewer = ViewerSession(
            plans,
            connection.transport,
            self._around.clock,
            self.request_keyframe,
            on_codec_changed=lambda _codec: connection.end(EndReason.CODEC_CHANGED),
        )
        self.viewers[connection] = viewer
        connection.deliver_to(viewer)
        self._forwarder.add(viewer)
        self._log.info("viewer joined", viewers=len(self._forwarder))

    def _on_viewer_gone(self, connection: Connection, reason: EndReason, *, was_live: bool) -> None:
        viewer = self.viewers.pop(connection, None)
        if viewer is not None:
            self._forwarder.remove(viewer)
        self._log.info("viewer left", reason=reason.value, was_live=was_live, viewers=len(self._forwarder))

    def _on_unit(self, unit: AccessUnit) -> None:
        released_ns = self._around.clock.now_ns()
        self._forwarder.push(unit)
        if unit.track is Track.VIDEO:
            self._note_times(unit, released_ns)
        self._hand_to_feed(unit)

    def _note_times(self, unit: AccessUnit, released_ns: int) -> None:
        times = self._around.stage_times.of(self.stream, self.session)
        if times is not None:
            forwarded_ns = self._around.clock.now_ns()
            arrivals = (unit.first_arrival_ns, unit.arrival_ns)
            times.arrived(
                Arrived(unit.capture_ns, *arrivals, released_ns, forwarded_ns, len(unit.payload), key=unit.key)
            )

    def _hand_to_feed(self, unit: AccessUnit) -> None:
        if self._feed is not None:
            self._feed.push(unit)
            return
        if self._pending is None:
            return
        if len(self._pending) == _MAX_PENDING_UNITS:
            metrics.UNITS_NOT_FED.labels(self.stream).inc(len(self._pending))
            self._pending.clear()
            self.request_keyframe()
        self._pending.append(unit)

    async def _run_feed(self) -> None:
        """Start the transcoder, hand it what has waited, and finish it when the broadcast ends."""
        try:
            feed = await self._around.feeds.start(self.stream, self.session, self.request_keyframe, self._kinds)
        except Exception:  # noqa: BLE001  viewers over WebRTC need no transcoder
            self._log.exception("transcoder not started")
            self._pending = None
            return
        for unit in self._pending or ():
            feed.push(unit)
        self._feed, self._pending = feed, None
        try:
            await self._over.wait()
        finally:
            await feed.finish()

    def _end_if_over(self, reason: str) -> None:
        if self.phase is not Phase.ENDED:
            return
        self._over.set()
        if self.publisher is not None:
            _stop_receiving(self.publisher)
            self.publisher.connection.end(EndReason.STREAM_ENDED)
            self.publisher = None
        for connection, viewer in list(self.viewers.items()):
            if viewer is not None:
                viewer.say_goodbye()
            connection.end(EndReason.STREAM_ENDED)
        metrics.forget(self.stream)
        self._log.info("broadcast ended", reason=reason)
        self._around.on_ended(self)


def _stop_receiving(publisher: Publisher) -> None:
    publisher.receiver = None
    if publisher.task is not None:
        publisher.task.cancel()
        publisher.task = None
