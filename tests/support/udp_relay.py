"""A UDP relay before a node's port, as a router is: it can forget its clients, and it can be cut."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Page, Route

Address = tuple[str, int]


class UdpRelay(asyncio.DatagramProtocol):
    """Passes datagrams between clients and one server on loopback; the server sees an address for each client."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._front: asyncio.DatagramTransport | None = None  # towards the clients
        self._backs: dict[Address, asyncio.Future[asyncio.DatagramTransport]] = {}
        self._forgotten: set[Address] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.cut = False  # nothing passes
        self.port = 0

    def forget_clients(self) -> None:
        """Nothing passes any more for the addresses that were seen so far; new ones are welcome."""
        self._forgotten |= self._backs.keys()

    def open(self, front: asyncio.DatagramTransport) -> None:
        """The side of the clients is open."""
        self._front = front
        self.port = front.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """From a client."""
        task = asyncio.create_task(self._to_server(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def to_client(self, data: bytes, client: Address) -> None:
        """From the server."""
        if self._front is not None and self._passes(client):
            self._front.sendto(data, client)

    def close(self) -> None:
        """Close all sockets."""
        for task in self._tasks:
            task.cancel()
        for back in self._backs.values():
            if back.done() and not back.cancelled():
                back.result().close()
        if self._front is not None:
            self._front.close()

    async def _to_server(self, data: bytes, client: Address) -> None:
        if not self._passes(client):
            return
        if client not in self._backs:
            loop = asyncio.get_running_loop()
            self._backs[client] = loop.create_future()
            back, _ = await loop.create_datagram_endpoint(
                lambda: _Back(self, client), remote_addr=("127.0.0.1", self._server_port)
            )
            self._backs[client].set_result(back)
        (await asyncio.shield(self._backs[client])).sendto(data)

    def _passes(self, client: Address) -> bool:
        return not self.cut and client not in self._forgotten


class _Back(asyncio.DatagramProtocol):
    def __init__(self, relay: UdpRelay, client: Address) -> None:
        self._relay = relay
        self._client = client

    def datagram_received(self, data: bytes, addr: Address) -> None:
        del addr
        self._relay.to_client(data, self._client)

    def error_received(self, exc: Exception) -> None:
        """The server's port is closed: datagrams are lost, as on any way."""


@asynccontextmanager
async def udp_relay(server_port: int) -> AsyncIterator[UdpRelay]:
    """A relay on a free port, for the length of a block."""
    relay = UdpRelay(server_port)
    front, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: relay, local_addr=("127.0.0.1", 0))
    relay.open(front)
    try:
        yield relay
    finally:
        relay.close()


async def send_through(page: Page, offers: str, udp_port: int, relay: UdpRelay) -> None:
    """Let a page know the relay's port, and not the node's: in the answers to its offers, a pattern of URLs."""

    async def answer_changed(route: Route) -> None:
        answer = await route.fetch()
        text = re.sub(rf" {udp_port} typ", f" {relay.port} typ", await answer.text())
        await route.fulfill(response=answer, body=text)

    await page.route(offers, answer_changed)
