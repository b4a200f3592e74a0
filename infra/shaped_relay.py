"""Edge: a relay on loopback that gives what passes through it the delays, losses and bottleneck of a network.

HTTP goes through a TCP port, WebRTC's media through a UDP port; each direction of each is a `Link` of its own, so that
the two ways of watching do not take the bottleneck from each other. A connection costs one round trip more, as TCP's
handshake does.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from infra.network_shape import QUEUE_S, Link, Network

_READ_BYTES = 16_384
_PIECES_UNDERWAY = 256  # of a connection; 4 MB, more than any of these networks holds
_CLIENTS = 64  # a browser has a socket or two
_HOST = "127.0.0.1"


class ShapedRelay:
    """One network between viewers on this machine and one node.

    Args:
        network: to behave as.
        host: of the node.
        port: of its HTTP.
        draw: a random number from 0 up to 1.

    Attributes:
        port: where HTTP is taken.
    """

    def __init__(self, network: Network, host: str, port: int, draw: Callable[[], float] = random.random) -> None:
        self.port = 0
        self._network, self._draw = network, draw
        self._host, self._node_port = host, port
        self._links: list[Link] = []
        self._up, self._down = self._new_link(), self._new_link()
        self._server: asyncio.Server | None = None
        self._fronts: dict[tuple[str, int], _Front] = {}  # by address of the node's UDP port
        self._connections: set[asyncio.Task[None]] = set()

    def _new_link(self) -> Link:
        link = Link(self._network, self._draw)
        self._links.append(link)
        return link

    def halve(self) -> None:
        """From now on half of the rate is left."""
        for link in self._links:
            link.halve()

    async def open(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_server(self._accept, _HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close every socket."""
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for front in self._fronts.values():
            front.close()

    async def udp_port(self, address: tuple[str, int]) -> int:
        """The port here that leads to a UDP port of the node."""
        if address not in self._fronts:
            front = _Front(address, self._new_link(), self._new_link())
            await asyncio.get_running_loop().create_datagram_endpoint(lambda: front, local_addr=(_HOST, 0))
            self._fronts[address] = front
        return self._fronts[address].port

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):  # either side may go at any time
            try:
                await asyncio.sleep(self._network.round_trip_s)
                node_reader, node_writer = await asyncio.open_connection(self._host, self._node_port)
                try:
                    async with asyncio.TaskGroup() as both:
                        both.create_task(_pump(reader, node_writer, self._up))
                        both.create_task(_pump(node_reader, writer, self._down))
                except* OSError:
                    pass
                finally:
                    node_writer.close()
            finally:
                writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: Link) -> None:
    """One direction of a connection, until its end has passed too."""
    clock = asyncio.get_running_loop()
    underway: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_PIECES_UNDERWAY)

    async def deliver() -> None:
        while True:
            arrival_s, data = await underway.get()
            await asyncio.sleep(arrival_s - clock.time())
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            await writer.drain()

    async with asyncio.TaskGroup() as both:
        both.create_task(deliver())
        while True:
            data = await reader.read(_READ_BYTES)
            await underway.put((link.stream(len(data), clock.time()), data))
            if not data:
                break
            await asyncio.sleep(link.backlog_s(clock.time()) - QUEUE_S)


class _Front(asyncio.DatagramProtocol):
    """The side of the viewers; each of them has a socket of its own towards the node."""

    def __init__(self, node: tuple[str, int], up: Link, down: Link) -> None:
        self.port = 0
        self._node, self._up, self._down = node, up, down
        self._backs: dict[tuple[str, int], asyncio.Task[asyncio.DatagramTransport]] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self._transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        if addr not in self._backs and len(self._backs) < _CLIENTS:
            self._backs[addr] = loop.create_task(self._open_back(addr))
        back = self._backs.get(addr)
        arrival_s = self._up.datagram(len(data), loop.time())
        if back is not None and arrival_s is not None:
            loop.call_at(arrival_s, self._to_node, back, data)

    def from_node(self, data: bytes, client: tuple[str, int]) -> None:
        """A datagram for a viewer."""
        loop = asyncio.get_running_loop()
        arrival_s = self._down.datagram(len(data), loop.time())
        if arrival_s is not None:
            loop.call_at(arrival_s, self._to_client, data, client)

    def close(self) -> None:
        """Close all sockets; what is under way is lost."""
        for back in self._backs.values():
            back.cancel()
            if back.done() and not back.cancelled():
                back.result().close()
        if self._transport is not None:
            self._transport.close()

    async def _open_back(self, client: tuple[str, int]) -> asyncio.DatagramTransport:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: _Back(self, client), remote_addr=self._node)
        return transport

    def _to_node(self, back: asyncio.Task[asyncio.DatagramTransport], data: bytes) -> None:
        if not back.done():  # a moment after the first datagram of a viewer
            back.add_done_callback(lambda opened: self._to_node(opened, data))
        elif not back.cancelled():
            back.result().sendto(data)

    def _to_client(self, data: bytes, client: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, client)


class _Back(asyncio.DatagramProtocol):
    def __init__(self, front: _Front, client: tuple[str, int]) -> None:
        self._front, self._client = front, client

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        del addr
        self._front.from_node(data, self._client)

    def error_received(self, exc: Exception) -> None:
        """The node's port is closed: lost, as on any way."""


@asynccontextmanager
async def shaped_relay(network: Network, host: str, port: int) -> AsyncIterator[ShapedRelay]:
    """A relay for the length of a block."""
    relay = ShapedRelay(network, host, port)
    await relay.open()
    try:
        yield relay
    finally:
        await relay.close()
