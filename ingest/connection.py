"""Edge: one WebRTC connection: ICE agent, DTLS and the machine that says what happens next."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from infra.clock import NS_PER_S, Clock
from ingest import metrics
from ingest.answer import opens_dtls
from ingest.dtls import BatchSend, DtlsPeer, Identity
from ingest.ice import Address, IceAgent
from ingest.offer import IceCredentials, Offer
from ingest.session import Action, ConnectionMachine, EndReason, Release, SayGoodbye, StartMedia, State
from ingest.transport import MediaSink
from ingest.udp import UdpPort

_log = structlog.get_logger("ingest.connection")


@dataclass(frozen=True, slots=True)
class Ground:
    """What all connections of a node stand on."""

    udp: UdpPort
    batch: BatchSend
    identity: Identity
    clock: Clock
    connect_timeout_ns: int
    consent_timeout_ns: int


class Connection:
    """One peer, from its offer to its release. `run` is its only task; the owner keeps it."""

    def __init__(self, ground: Ground, offer: Offer, local: IceCredentials, role: str) -> None:
        """Begin to answer checks.

        Args:
            ground: of the node.
            offer: of the peer.
            local: our ICE credentials.
            role: publisher or viewer, for logs and metrics.
        """
        self.role = role
        self._ground = ground
        self._since_ns = ground.clock.now_ns()
        self.agent = IceAgent(local, offer.ice, self._since_ns)
        self._machine = ConnectionMachine(self._since_ns, ground.connect_timeout_ns, ground.consent_timeout_ns)
        self.transport = DtlsPeer(self, ground.batch, ground.identity, offer.fingerprint, opens=opens_dtls(offer.setup))
        self._moved = asyncio.Event()  # an address is selected, or the connection is over
        self._over = asyncio.Event()
        self._on_live: Callable[[], None] = lambda: None
        self._on_release: Callable[[EndReason, bool], None] = lambda _reason, _was_live: None
        ground.udp.attach(self)

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._machine.state

    @property
    def last_media_ns(self) -> int:
        """When the last RTP packet came; the time of the offer if none did."""
        return self.transport.last_media_ns or self._since_ns

    def listen(self, on_live: Callable[[], None], on_release: Callable[[EndReason, bool], None]) -> None:
        """Say whom to tell.

        Args:
            on_live: media can flow.
            on_release: it is over: why, and whether it ever was live.
        """
        self._on_live = on_live
        self._on_release = on_release

    async def run(self) -> None:
        """Connect, stay, and clean up; returns when everything is freed."""
        try:
            self._perform(self._machine.answered())
            await self._moved.wait()
            if not self._machine.over:
                secured = await self.transport.handshake(self._on_closed)
                self._perform(self._machine.secured() if secured else self._machine.ended(EndReason.HANDSHAKE_FAILED))
            await self._over.wait()
        except Exception:  # noqa: BLE001  hostile certificates fail in many ways
            _log.exception("connection failed", role=self.role)
            self._perform(self._machine.ended(EndReason.HANDSHAKE_FAILED))
        finally:
            self._perform(self._machine.ended(EndReason.SHUTDOWN))
            self._ground.udp.detach(self)
            await self.transport.close()
            self._perform(self._machine.drained())

    def deliver_to(self, sink: MediaSink) -> None:
        """Hand media to the sink."""
        self.transport.deliver_to(sink)

    def end(self, reason: EndReason) -> None:
        """End it; `run` does the rest."""
        self._perform(self._machine.ended(reason))

    def tick(self, now_ns: int) -> None:
        """Judge the timeouts."""
        self._perform(self._machine.tick(now_ns, self.agent.last_valid_ns))

    def restart_ice(self, local: IceCredentials, remote: IceCredentials) -> None:
        """Begin a new ICE session while the old one goes on."""
        retired = self.agent.restart(local, remote)
        if retired is not None:
            self._ground.udp.retire(retired)
        self._ground.udp.attach(self)

    def on_checked(self) -> None:
        """See `ingest.udp.Peer`."""
        self._moved.set()

    def on_datagram(self, data: bytes, arrival_ns: int) -> bool:
        """See `ingest.udp.Peer`."""
        return self.transport.on_datagram(data, arrival_ns)

    def send(self, data: bytes) -> bool:
        """See `ingest.dtls.Wire`."""
        selected = self.agent.selected
        return selected is not None and self._ground.udp.send(data, selected)

    def destination(self) -> Address | None:
        """See `ingest.dtls.Wire`."""
        return self.agent.selected

    def alive(self, now_ns: int) -> None:
        """See `ingest.dtls.Wire`."""
        self.agent.on_authenticated(now_ns)

    def _on_closed(self) -> None:
        self._perform(self._machine.ended(EndReason.PEER_CLOSED))

    def _perform(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case StartMedia():
                    waited_ns = self._ground.clock.now_ns() - self._since_ns
                    metrics.CONNECT_SECONDS.labels(self.role).observe(waited_ns / NS_PER_S)
                    self._on_live()
                case SayGoodbye():
                    self._over.set()
                    self._moved.set()
                    self.transport.abort()
                case Release(reason, was_live):
                    metrics.CONNECTIONS_ENDED.labels(self.role, reason.value).inc()
                    self._on_release(reason, was_live)
