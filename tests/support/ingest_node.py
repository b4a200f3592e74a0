"""The WebRTC side of a node, really listening on loopback, with feeds that only record."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from infra.clock import Clock, SystemClock
from infra.http import errors_to_problems
from infra.ids import SessionId, StreamName
from infra.settings import Settings
from ingest import whep, whip
from ingest.hub import IngestHub
from ingest.udp import UdpPort
from transcoder.access_unit import AccessUnit, Track


@dataclass
class RecordingFeed:
    """What would have gone to a transcoder."""

    stream: StreamName
    session: SessionId
    want_keyframe: Callable[[], None]
    tracks: set[Track]
    units: list[AccessUnit] = field(default_factory=list)
    finished: bool = False

    def push(self, unit: AccessUnit) -> None:
        self.units.append(unit)

    async def finish(self) -> None:
        self.finished = True

    def count(self, track: Track) -> int:
        return sum(unit.track is track for unit in self.units)


class RecordingFeeds:
    """The supervisor's place: the transcoder is not part of these tests."""

    def __init__(self) -> None:
        self.feeds: list[RecordingFeed] = []
        self.broken = False

    async def start(
        self,
        stream: StreamName,
        session: SessionId,
        on_keyframe_wanted: Callable[[], None],
        tracks: Collection[Track],
    ) -> RecordingFeed:
        if self.broken:
            raise OSError("no process could be started")
        feed = RecordingFeed(stream, session, on_keyframe_wanted, set(tracks))
        self.feeds.append(feed)
        return feed


@dataclass
class IngestNode:
    """A running WebRTC side."""

    url: str
    hub: IngestHub
    udp: UdpPort
    feeds: RecordingFeeds
    opened: list[tuple[StreamName, SessionId]]


class RecordingSessions:
    """An origin that notes what is opened, and has sessions that wait for their publisher."""

    def __init__(self, unfinished: dict[StreamName, SessionId]) -> None:
        self.opened: list[tuple[StreamName, SessionId]] = []
        self._unfinished = unfinished

    def open_session(self, stream: StreamName, session: SessionId) -> None:
        self.opened.append((stream, session))

    def resume(self, stream: StreamName) -> SessionId | None:
        return self._unfinished.pop(stream, None)


@asynccontextmanager
async def ingest_node(
    clock: Clock | None = None, unfinished: dict[StreamName, SessionId] | None = None, **options: object
) -> AsyncIterator[IngestNode]:
    """Serve WHIP and WHEP on free loopback ports; sessions that wait for their publisher are gone on with, once."""
    settings = Settings.model_validate({"udp_port": 0, "port": 0, **options})
    clock = clock or SystemClock()
    udp = await UdpPort.open(settings.host, settings.udp_port, settings.announce, clock)
    feeds = RecordingFeeds()
    sessions = RecordingSessions(unfinished or {})
    hub = IngestHub(settings, clock, udp, feeds, sessions)
    await hub.start()
    app = web.Application(middlewares=[errors_to_problems])
    app.add_routes([*whip.routes(hub), *whep.routes(hub)])
    runner = web.AppRunner(app, shutdown_timeout=1, lingering_time=0.1)
    await runner.setup()
    site = web.TCPSite(runner, settings.host, 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield IngestNode(f"http://{host}:{port}", hub, udp, feeds, sessions.opened)
    finally:
        await hub.close()
        await runner.cleanup()
        udp.close()
