"""Edge: the one UDP socket of all WebRTC connections.

A STUN check finds its connection by USERNAME; everything else by its source address, which a check with the right
password must have proved before. What fits nothing is dropped, counted by reason, and logged at most once a second.

Arrival times are the kernel's, where it gives them: a busy machine reads datagrams late, and a publisher whose feedback
told it so would take that for a congested network and send less (measured on two loaded cores: 110 kbit/s in place of
2500).
"""

import asyncio
import contextlib
import socket
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import structlog
from aioice import ice as aioice_ice

from infra.clock import NS_PER_S, Clock
from ingest import ice, metrics
from ingest.arrival import ANCILLARY_BYTES, Ancillary, answer_from, tell_arrivals, waited_ns
from ingest.ice import Address, IceAgent

MAX_DATAGRAM_BYTES = 1500  # pylibsrtp takes no more, and no path carries more
_SOCKET_BUFFER_BYTES = 4 << 20  # 0.1 s of 300 Mbit/s; the kernel may grant less (net.core.rmem_max)
_READS_PER_WAKE = 64  # then other tasks get their turn
_LOG_INTERVAL_NS = NS_PER_S
_ADDRESS_KEPT_NS = 5 * NS_PER_S  # a silent peer's address may be claimed by another one after this time
_ALL_ADDRESSES = {"0.0.0.0", "::"}  # what a socket is bound to that takes everything
_STUN_LAST = 3  # RFC 7983 7: the first byte tells the protocol

_log = structlog.get_logger("ingest.udp")


class Peer(Protocol):
    """A connection as the socket sees it."""

    @property
    def agent(self) -> IceAgent:
        """Its ICE agent."""
        ...

    def on_checked(self) -> None:
        """A check was answered; the agent may have selected another address."""
        ...

    def on_datagram(self, data: bytes, arrival_ns: int) -> bool:
        """A datagram, 1 to 1500 bytes, from a checked address.

        Returns:
            Whether the peer's task should run before the next datagram is read.
        """
        ...


class UdpPort:
    """The socket, and who is behind which ufrag and which address."""

    def __init__(self, sock: socket.socket, addresses: Sequence[str], clock: Clock) -> None:
        self.sock = sock
        self.addresses = tuple(addresses)
        self.port: int = sock.getsockname()[1]
        self._clock = clock
        self._by_ufrag: dict[str, Peer] = {}
        self._by_address: dict[Address, Peer] = {}
        self._answer_from: dict[Address, Ancillary] = {}  # of checked addresses, where the kernel tells it
        self._dropped: Counter[str] = Counter()
        self._logged_ns = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock.fileno(), self._on_readable)

    @classmethod
    async def open(cls, host: str, port: int, announce: Sequence[str], clock: Clock) -> "UdpPort":
        """Bind the socket and find the addresses to announce.

        Args:
            host: name or address to bind to.
            port: 0 takes a free one.
            announce: addresses for the candidates; empty: the bound one, or every local one if bound to all.
            clock: tells when datagrams arrive.

        Raises:
            OSError: the address cannot be bound, or a name does not resolve.
        """
        family, bound = await _resolve(host)
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
                sock.setsockopt(socket.SOL_SOCKET, option, _SOCKET_BUFFER_BYTES)
            tell_arrivals(sock, addresses=bound in _ALL_ADDRESSES)
            sock.bind((bound, port))
            announced = [(await _resolve(name))[1] for name in announce]
            return cls(sock, announced or _announced(bound), clock)
        except BaseException:
            sock.close()
            raise

    def attach(self, peer: Peer) -> None:
        """Route the checks of the peer's ICE sessions to it."""
        for ufrag in peer.agent.ufrags():
            self._by_ufrag[ufrag] = peer

    def retire(self, ufrag: str) -> None:
        """Forget an ICE session that is over."""
        self._by_ufrag.pop(ufrag, None)

    def detach(self, peer: Peer) -> None:
        """Forget the peer: its checks are refused and its datagrams dropped from now on."""
        for ufrag in peer.agent.ufrags():
            self.retire(ufrag)
        for address in peer.agent.addresses:
            if self._by_address.get(address) is peer:
                self._forget(address)

    def send(self, data: bytes, address: Address) -> bool:
        """Send one datagram; False if it was lost because the socket is full or the address unreachable."""
        return self._send(data, address, self.answer_from(address))

    def answer_from(self, address: Address) -> Ancillary:
        """What to send along to a peer, so that it comes from where the peer has sent to."""
        return self._answer_from.get(address, ())

    def routes(self) -> int:
        """How many ufrags and addresses are known."""
        return len(self._by_ufrag) + len(self._by_address)

    def close(self) -> None:
        """Close the socket."""
        self._loop.remove_reader(self.sock.fileno())
        self.sock.close()

    def _on_readable(self) -> None:
        for _ in range(_READS_PER_WAKE):
            try:
                data, ancillary, _, source = self.sock.recvmsg(MAX_DATAGRAM_BYTES + 1, ANCILLARY_BYTES)
            except OSError:  # nothing more to read, or an ICMP error of an earlier send
                return
            try:
                pauses = self._on_datagram(data, source, ancillary)
            except Exception:  # noqa: BLE001  whatever one datagram does, the next one is read
                self._drop("failed")
                _log.exception("datagram failed", bytes=len(data))
                continue
            if pauses:
                return

    def _on_datagram(self, data: bytes, source: Address, ancillary: Ancillary) -> bool:
        if not 0 < len(data) <= MAX_DATAGRAM_BYTES:
            self._drop("empty" if not data else "too long")
        elif data[0] <= _STUN_LAST:
            self._on_stun(data, source, answer_from(ancillary))
        elif (peer := self._by_address.get(source)) is None:
            self._drop("unknown source")
        else:
            return peer.on_datagram(data, self._clock.now_ns() - waited_ns(ancillary))
        return False

    def _on_stun(self, data: bytes, source: Address, local: Ancillary) -> None:
        now_ns = self._clock.now_ns()
        check = ice.read_check(data)
        if check is None:
            self._drop("not a check")
            return
        if isinstance(check, bytes):
            self._refuse(data, check, source, local)
            return
        peer = self._by_ufrag.get(check.ufrag)
        if peer is None:
            self._refuse(data, ice.unknown_user(check), source, local)
            return
        owner = self._by_address.get(source)
        if owner not in {None, peer} and owner.agent.consents(now_ns, _ADDRESS_KEPT_NS):
            self._drop("address of another peer")
            return
        outcome = peer.agent.on_check(check, source, now_ns)
        if not outcome.checked:
            self._refuse(data, outcome.response, source, local)
            return
        self._by_address[source] = peer
        if local:
            self._answer_from[source] = local
        if outcome.dropped is not None and self._by_address.get(outcome.dropped) is peer:
            self._forget(outcome.dropped)
        if outcome.retired is not None:
            self.retire(outcome.retired)
        self._send(outcome.response, source, local)
        peer.on_checked()

    def _refuse(self, request: bytes, response: bytes, source: Address, local: Ancillary) -> None:
        """Say why, but never with more bytes than were received: sources can be forged."""
        self._drop("check refused")
        if len(response) <= len(request):
            self._send(response, source, local)

    def _send(self, data: bytes, address: Address, local: Ancillary) -> bool:
        try:
            self.sock.sendmsg([data], local, 0, address)
        except OSError:
            self._drop("not sent")
            return False
        return True

    def _forget(self, address: Address) -> None:
        del self._by_address[address]
        self._answer_from.pop(address, None)

    def _drop(self, reason: str) -> None:
        metrics.DATAGRAMS_DROPPED.labels(reason).inc()
        self._dropped[reason] += 1
        now_ns = self._clock.now_ns()
        if now_ns - self._logged_ns >= _LOG_INTERVAL_NS:
            self._logged_ns = now_ns
            _log.info("datagrams dropped", **{reason.replace(" ", "_"): n for reason, n in self._dropped.items()})
            self._dropped.clear()


async def _resolve(host: str) -> tuple[int, str]:
    """Address family and address of a host name or address; IPv4 where a name has both."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_DGRAM)
    family, _, _, _, sockaddr = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, str(sockaddr[0])


def _announced(bound: str) -> list[str]:
    if bound not in _ALL_ADDRESSES:
        return [bound]
    local: list[str] = []
    with contextlib.suppress(OSError):
        local = aioice_ice.get_host_addresses(use_ipv4=True, use_ipv6=bound == "::")
    return local or ["127.0.0.1"]
