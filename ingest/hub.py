"""Edge: the node's WebRTC side: broadcasts by stream, WHIP and WHEP resources by id, and everything's end.

Both HTTP endpoints come here with text and get text back; what they refuse is raised from here.
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from infra.clock import NS_PER_S, Clock
from infra.ids import SESSION_BYTES, SessionId, StreamName, session_id
from infra.settings import Settings
from infra.stage_times import StageTimesOfStreams
from ingest import metrics
from ingest.admission import Limits, Load, admit_publisher, admit_viewer
from ingest.answer import LocalSide, write_answer
from ingest.batch import BatchSender
from ingest.broadcast import Broadcast, FeedSource, Publisher, Sessions, Surroundings
from ingest.connection import Connection, Ground
from ingest.dtls import Identity
from ingest.errors import IceSessionPassed, NodeDraining, ResourceUnknown
from ingest.fragment import read_trickle, write_restarted
from ingest.grace import Phase
from ingest.ice_servers import IceServer, read_ice_servers
from ingest.links import Protocol, entity_tag, if_match_admits, if_match_is_any
from ingest.negotiation import Agreement, agree_to_publish, agree_to_view, sent_track
from ingest.offer import IceCredentials, Offer, Purpose, read_offer
from ingest.session import EndReason
from ingest.snapshot import StreamSnapshot
from ingest.tasks import TaskHost
from ingest.udp import UdpPort

TICK_S = 0.25  # timeouts are seconds
CLOSE_TIMEOUT_S = 10.0  # for workers to flush
_MAX_TOMBSTONES = 2000  # resources whose late DELETE is answered 200
_UFRAG_BYTES, _PWD_BYTES, _ETAG_BYTES, _RESOURCE_BYTES = 8, 16, 8, 16

_log = structlog.get_logger("ingest.hub")


@dataclass(frozen=True, slots=True)
class Accepted:
    """An accepted offer: what goes into the 201."""

    resource_id: str
    etag: str
    answer: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """A new ICE session: what goes into the 200."""

    etag: str
    fragment: str


@dataclass(slots=True)
class _Resource:
    protocol: Protocol
    stream: StreamName
    connection: Connection
    etag: str
    first: tuple[str, str]  # media and mid of the section that carries the BUNDLE


class IngestHub:
    """Owns all broadcasts and connections; `start` before use, `close` at the end."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        udp: UdpPort,
        supervisor: FeedSource,
        origin: Sessions,
        stage_times: StageTimesOfStreams | None = None,
    ) -> None:
        self.ice_servers: tuple[IceServer, ...] = read_ice_servers(settings.ice_servers)
        self._settings = settings
        self._clock = clock
        self._udp = udp
        self._limits = Limits(settings.max_sessions, settings.max_publishers)
        self._tasks = TaskHost()
        self._ground = Ground(
            udp=udp,
            batch=BatchSender(udp.sock, udp.answer_from),
            identity=Identity(),
            clock=clock,
            connect_timeout_ns=round(settings.connect_timeout_s * NS_PER_S),
            consent_timeout_ns=round(settings.consent_timeout_s * NS_PER_S),
        )
        self._around = Surroundings(
            clock=clock,
            grace_ns=round(settings.publisher_grace_s * NS_PER_S),
            tasks=self._tasks,
            feeds=supervisor,
            origin_open=origin.open_session,
            stage_times=stage_times or StageTimesOfStreams(),
            on_ended=self._on_ended,
        )
        self._broadcasts: dict[StreamName, Broadcast] = {}
        self._resources: dict[str, _Resource] = {}
        self._tombstones: OrderedDict[str, tuple[Protocol, StreamName]] = OrderedDict()
        self._ticker: asyncio.Task[None] | None = None
        self._open = False
        self._resume = origin.resume

    async def start(self) -> None:
        """Begin to serve."""
        await self._tasks.start()
        self._ticker = self._tasks.spawn(self._tick_for_ever(), "ingest timeouts")
        self._open = True

    async def close(self) -> None:
        """Say goodbye to every peer, finish every feed, free everything; the UDP port stays its owner's."""
        self._open = False
        for broadcast in list(self._broadcasts.values()):
            broadcast.end(EndReason.SHUTDOWN)
        if self._ticker is not None:
            self._ticker.cancel()
        await self._tasks.close(CLOSE_TIMEOUT_S)

    def publish(self, stream: StreamName, text: str) -> Accepted:
        """Take a publisher's offer.

        Raises:
            SdpMalformed, OfferUnservable: see `ingest.offer` and `ingest.negotiation`.
            StreamBusy, NodeFull, NodeDraining: not now.
        """
        self._require_open()
        broadcast = self._broadcasts.get(stream)
        current = None if broadcast is None else broadcast.publisher
        silent_ns = None if current is None else self._clock.now_ns() - current.connection.last_media_ns
        admit_publisher(stream, self._limits, self._load(), known=broadcast is not None, silent_ns=silent_ns)
        offer = read_offer(text, Purpose.PUBLISH)
        agreements = agree_to_publish(offer)
        accepted, connection = self._accept(Protocol.WHIP, stream, offer, agreements)
        plans = [agreement.plan for agreement in agreements if agreement.plan is not None]
        if broadcast is not None and not broadcast.takes(plans):
            broadcast.end(EndReason.TRACKS_CHANGED)
            broadcast = None
        if broadcast is None:
            session = self._resume(stream) or self._new_session()
            broadcast = self._broadcasts[stream] = Broadcast(stream, session, self._around)
        sent = [track for agreement in agreements if (track := sent_track(agreement)) is not None]
        broadcast.offered(Publisher(connection, plans, sent))
        return accepted

    def view(self, stream: StreamName, text: str) -> Accepted:
        """Take a viewer's offer.

        Raises:
            SdpMalformed, OfferUnservable: as `publish`.
            StreamNotLive, NodeFull, NodeDraining: not now.
        """
        self._require_open()
        broadcast = self._broadcasts.get(stream)
        live = broadcast is not None and broadcast.phase is Phase.LIVE
        admit_viewer(stream, self._limits, self._load(), live=live)
        assert broadcast is not None  # admitted
        offer = read_offer(text, Purpose.VIEW)
        agreements = agree_to_view(offer, broadcast.sent, _new_ssrc)
        accepted, connection = self._accept(Protocol.WHEP, stream, offer, agreements)
        broadcast.joined(connection, [agreement.plan for agreement in agreements if agreement.plan is not None])
        return accepted

    def patch(
        self, protocol: Protocol, stream: StreamName, resource_id: str, if_match: str | None, text: str
    ) -> Restarted | None:
        """Take a trickle fragment: None for candidates, which a lite agent has no use for, else the restarted ICE.

        Raises:
            ResourceUnknown: no such resource.
            IceSessionPassed: If-Match names another ICE session.
            FragmentMalformed: see `ingest.fragment`.
        """
        resource = self._find(protocol, stream, resource_id)
        if not if_match_admits(if_match, resource.etag):
            raise IceSessionPassed("If-Match refused: it names an ICE session that is not the current one")
        remote, agent = read_trickle(text), resource.connection.agent
        if remote is None or remote == agent.remote_before:  # candidates; the latter overtaken by a restart
            return None
        if remote != agent.remote:
            resource.connection.restart_ice(_new_credentials(), remote)
            resource.etag = entity_tag(secrets.token_bytes(_ETAG_BYTES))
        elif not (agent.restarting and if_match_is_any(if_match)):  # not a request again whose answer was lost
            return None
        media, mid = resource.first
        return Restarted(resource.etag, write_restarted(media, mid, self._local_side(agent.local)))

    def delete(self, protocol: Protocol, stream: StreamName, resource_id: str) -> None:
        """End a connection at its client's wish; again, or after it ended by itself, is fine.

        Raises:
            ResourceUnknown: no such resource.
        """
        if self._tombstones.get(resource_id) != (protocol, stream):
            self._find(protocol, stream, resource_id).connection.end(EndReason.DELETED)

    def require_resource(self, protocol: Protocol, stream: StreamName, resource_id: str) -> None:
        """Check that a resource is there.

        Raises:
            ResourceUnknown: it is not.
        """
        self._find(protocol, stream, resource_id)

    def tick(self, now_ns: int) -> None:
        """Judge all timeouts."""
        for resource in list(self._resources.values()):
            resource.connection.tick(now_ns)
        for broadcast in list(self._broadcasts.values()):
            broadcast.tick(now_ns)

    def snapshot(self) -> list[StreamSnapshot]:
        """Every stream there is now."""
        return [broadcast.snapshot() for broadcast in self._broadcasts.values()]

    def _accept(
        self, protocol: Protocol, stream: StreamName, offer: Offer, agreements: Sequence[Agreement]
    ) -> tuple[Accepted, Connection]:
        purpose = Purpose.PUBLISH if protocol is Protocol.WHIP else Purpose.VIEW
        local = _new_credentials()
        answer = write_answer(offer, agreements, purpose, self._local_side(local), stream)
        connection = Connection(self._ground, offer, local, "publisher" if protocol is Protocol.WHIP else "viewer")
        resource_id = secrets.token_urlsafe(_RESOURCE_BYTES)
        etag = entity_tag(secrets.token_bytes(_ETAG_BYTES))
        section = offer.open_sections()[0]
        first = (section.track.name.lower(), section.mid)
        self._resources[resource_id] = _Resource(protocol, stream, connection, etag, first)
        self._tasks.spawn(self._run_connection(resource_id, connection), f"{connection.role} of {stream}")
        return Accepted(resource_id, etag, answer), connection

    async def _run_connection(self, resource_id: str, connection: Connection) -> None:
        gauge = metrics.PUBLISHERS if connection.role == "publisher" else metrics.VIEWERS
        with gauge.track_inprogress():
            try:
                await connection.run()
            finally:
                resource = self._resources.pop(resource_id)
                self._tombstones[resource_id] = (resource.protocol, resource.stream)
                if len(self._tombstones) > _MAX_TOMBSTONES:
                    self._tombstones.popitem(last=False)

    def _find(self, protocol: Protocol, stream: StreamName, resource_id: str) -> _Resource:
        resource = self._resources.get(resource_id)
        if resource is None or resource.protocol is not protocol or resource.stream != stream:
            raise ResourceUnknown(f"no such {protocol.name} resource of stream {stream}: it has ended, or never was")
        return resource

    def _on_ended(self, broadcast: Broadcast) -> None:
        if self._broadcasts.get(broadcast.stream) is broadcast:
            del self._broadcasts[broadcast.stream]

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self.tick(self._clock.now_ns())
            except Exception:  # noqa: BLE001  timeouts must go on whatever one of them runs into
                _log.exception("tick failed")

    def _load(self) -> Load:
        return Load(len(self._resources), len(self._broadcasts))

    def _require_open(self) -> None:
        if not self._open:
            raise NodeDraining("the node is starting or shutting down")

    def _new_session(self) -> SessionId:
        return session_id(self._clock.now_ns(), secrets.token_bytes(SESSION_BYTES))

    def _local_side(self, ice: IceCredentials) -> LocalSide:
        return LocalSide(
            ice=ice,
            fingerprint=self._ground.identity.fingerprint,
            addresses=self._udp.addresses,
            udp_port=self._udp.port,
            start_bitrate_kbps=self._settings.start_bitrate_kbps,
        )


def _new_credentials() -> IceCredentials:
    return IceCredentials(secrets.token_hex(_UFRAG_BYTES), secrets.token_hex(_PWD_BYTES))


def _new_ssrc() -> int:
    return secrets.randbelow((1 << 32) - 1) + 1
