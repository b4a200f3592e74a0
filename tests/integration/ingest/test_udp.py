"""The UDP port with raw datagrams: who is let in, who is answered, what is dropped."""

import asyncio
import socket
import struct
from collections.abc import Iterator

import pytest
from pylibsrtp import Policy, Session

from ingest.batch import BatchSender
from ingest.ice import IceAgent
from ingest.offer import IceCredentials
from ingest.udp import UdpPort
from support.manual_clock import ManualClock
from support.stun_client import bare_request, check_to

LOCAL = IceCredentials("ours", "o" * 22)
OTHER = IceCredentials("other", "x" * 22)
REMOTE = IceCredentials("peer", "p" * 22)


class FakePeer:
    """A connection that only listens."""

    def __init__(self, local: IceCredentials, clock: ManualClock, *, failing: bool = False) -> None:
        self.agent = IceAgent(local, REMOTE, clock.now_ns())
        self.received: asyncio.Queue[bytes] = asyncio.Queue()
        self._failing = failing

    def on_checked(self) -> None:
        pass

    def on_datagram(self, data: bytes, arrival_ns: int) -> bool:
        self.received.put_nowait(data)
        if self._failing:
            raise RuntimeError("a bug")
        return data[:1] == b"\x16"


class Wire:
    """A peer's socket."""

    def __init__(self, family: socket.AddressFamily = socket.AF_INET, host: str = "127.0.0.1") -> None:
        self.sock = socket.socket(family, socket.SOCK_DGRAM)
        self.sock.bind((host, 0))
        self.sock.setblocking(False)
        self.host = host

    async def ask(self, data: bytes, port: int) -> bytes:
        self.sock.sendto(data, (self.host, port))
        return await heard(self)


async def heard(wire: Wire) -> bytes:
    return await asyncio.wait_for(asyncio.get_running_loop().sock_recv(wire.sock, 2000), 5)


def rtp_header(number: int) -> bytes:
    return struct.pack(">BBHLL", 0x80, 96, number, 0, 1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def wire() -> Iterator[Wire]:
    one = Wire()
    with one.sock:
        yield one


async def opened(clock: ManualClock, host: str = "127.0.0.1", announce: tuple[str, ...] = ()) -> UdpPort:
    return await UdpPort.open(host, 0, announce, clock)


async def test_only_a_checked_address_gets_through(clock: ManualClock, wire: Wire) -> None:
    port = await opened(clock)
    peer = FakePeer(LOCAL, clock)
    port.attach(peer)
    wire.sock.sendto(b"\x80early", ("127.0.0.1", port.port))
    assert (await wire.ask(check_to(LOCAL), port.port))[:2] == b"\x01\x01"
    wire.sock.sendto(b"\x80late", ("127.0.0.1", port.port))
    assert await asyncio.wait_for(peer.received.get(), 5) == b"\x80late"
    assert port.routes() == 2
    port.detach(peer)
    assert port.routes() == 0
    port.close()


async def test_a_handshake_goes_on_before_the_media_right_behind_it_is_read(clock: ManualClock, wire: Wire) -> None:
    port = await opened(clock)
    peer = FakePeer(LOCAL, clock)
    port.attach(peer)

    async def queued_behind_the_first() -> int:
        await peer.received.get()
        return peer.received.qsize()

    handshake = asyncio.create_task(queued_behind_the_first())
    await wire.ask(check_to(LOCAL), port.port)
    for data in (b"\x16finished", b"\x80media"):
        wire.sock.sendto(data, ("127.0.0.1", port.port))
    assert await asyncio.wait_for(handshake, 5) == 0
    assert await asyncio.wait_for(peer.received.get(), 5) == b"\x80media"
    port.close()


async def test_a_peer_that_raises_does_not_stop_the_socket(clock: ManualClock, wire: Wire) -> None:
    port = await opened(clock)
    peer = FakePeer(LOCAL, clock, failing=True)
    port.attach(peer)
    await wire.ask(check_to(LOCAL), port.port)
    for data in (b"\x80one", b"\x80two"):
        wire.sock.sendto(data, ("127.0.0.1", port.port))
        assert await asyncio.wait_for(peer.received.get(), 5) == data
    port.close()


async def test_an_error_response_is_never_longer_than_its_request(clock: ManualClock, wire: Wire) -> None:
    port = await opened(clock)
    wire.sock.sendto(bare_request(), ("127.0.0.1", port.port))
    reply = await wire.ask(check_to(OTHER), port.port)
    assert reply[:2] == b"\x01\x11"
    assert len(reply) <= len(check_to(OTHER))
    with pytest.raises(BlockingIOError):
        wire.sock.recv(2000)
    port.close()


async def test_a_checked_address_belongs_to_its_peer_while_that_is_alive(clock: ManualClock, wire: Wire) -> None:
    port = await opened(clock)
    first, second = FakePeer(LOCAL, clock), FakePeer(OTHER, clock)
    port.attach(first)
    port.attach(second)
    await wire.ask(check_to(LOCAL), port.port)
    wire.sock.sendto(check_to(OTHER), ("127.0.0.1", port.port))
    wire.sock.sendto(b"\x80x", ("127.0.0.1", port.port))
    assert await asyncio.wait_for(first.received.get(), 5) == b"\x80x"
    assert second.agent.selected is None
    clock.advance(5)
    await wire.ask(check_to(OTHER), port.port)
    wire.sock.sendto(b"\x80y", ("127.0.0.1", port.port))
    assert await asyncio.wait_for(second.received.get(), 5) == b"\x80y"
    port.detach(first)
    assert port.routes() == 2
    port.close()


async def test_a_restart_retires_the_old_ufrag_when_the_new_one_is_nominated(clock: ManualClock, wire: Wire) -> None:
    port = await opened(clock)
    peer = FakePeer(LOCAL, clock)
    port.attach(peer)
    peer.agent.restart(OTHER, REMOTE)
    port.attach(peer)
    assert port.routes() == 2
    await wire.ask(check_to(OTHER), port.port)
    assert (await wire.ask(check_to(LOCAL), port.port))[:2] == b"\x01\x11"
    port.close()


async def test_addresses_beyond_the_bound_are_forgotten(clock: ManualClock) -> None:
    port = await opened(clock)
    peer = FakePeer(LOCAL, clock)
    port.attach(peer)
    wires = [Wire() for _ in range(18)]
    for one in wires:
        await one.ask(check_to(LOCAL, nominate=False), port.port)
        one.sock.close()
    assert port.routes() == 1 + 16
    port.close()


async def test_what_cannot_be_sent_is_lost_and_said(clock: ManualClock) -> None:
    port = await opened(clock)
    assert not port.send(b"x", ("127.0.0.1", 0))
    port.close()


async def test_the_bound_address_is_announced_or_what_the_settings_say(clock: ManualClock) -> None:
    bound = await opened(clock)
    mapped = await opened(clock, announce=("198.51.100.7", "localhost"))
    everywhere = await opened(clock, host="0.0.0.0")
    assert bound.addresses == ("127.0.0.1",)
    assert mapped.addresses == ("198.51.100.7", "127.0.0.1")
    assert everywhere.addresses
    assert "0.0.0.0" not in everywhere.addresses
    for port in (bound, mapped, everywhere):
        port.close()


async def test_a_dual_stack_port_serves_ipv4_and_ipv6(clock: ManualClock, wire: Wire) -> None:
    port = await opened(clock, host="::")
    peer = FakePeer(LOCAL, clock)
    port.attach(peer)
    assert (await wire.ask(check_to(LOCAL), port.port))[:2] == b"\x01\x01"
    six = Wire(socket.AF_INET6, "::1")
    with six.sock:
        assert (await six.ask(check_to(LOCAL), port.port))[:2] == b"\x01\x01"
    port.close()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
async def test_everything_comes_from_the_address_that_the_peer_has_sent_to(
    clock: ManualClock, wire: Wire, host: str
) -> None:
    port = await opened(clock, host=host)
    peer = FakePeer(LOCAL, clock)
    port.attach(peer)
    second = ("127.0.0.2", port.port)  # the kernel by itself would answer from 127.0.0.1
    wire.sock.connect(second)  # takes nothing from elsewhere
    for check in (check_to(OTHER), check_to(LOCAL)):
        wire.sock.send(check)
        await heard(wire)
    (address,) = peer.agent.addresses
    assert port.send(b"alone", address)
    assert await heard(wire) == b"alone"
    srtp = Session(Policy(key=bytes(30), ssrc_type=Policy.SSRC_ANY_OUTBOUND))
    packets = [(rtp_header(number), bytes(100)) for number in range(3)]
    assert BatchSender(port.sock, port.answer_from).send(srtp, address, packets) == 0
    assert [len(await heard(wire)) for _ in packets] == [122, 122, 122]
    port.detach(peer)
    assert port.answer_from(address) == ()
    port.close()


async def test_a_name_that_does_not_resolve_is_an_error_and_leaves_no_socket(clock: ManualClock) -> None:
    with pytest.raises(OSError, match=r".+"):
        await opened(clock, announce=("no.such.host.invalid",))
