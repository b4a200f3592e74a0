"""The relay that gives a connection a network's delays, with real sockets on both sides."""

import asyncio

from infra.network_shape import Network
from infra.shaped_relay import ShapedRelay, shaped_relay
from support.eventually import eventually

SLOW = Network("slow", round_trip_s=0.1)


class Echo(asyncio.DatagramProtocol):
    transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.transport.sendto(data.upper(), addr)


class Client(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.came: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(100)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.came.put_nowait((asyncio.get_running_loop().time(), data))


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
    writer.close()


async def test_bytes_come_back_whole_and_in_order_no_sooner_than_the_network_lets_them() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, shaped_relay(SLOW, "127.0.0.1", server.sockets[0].getsockname()[1]) as relay:
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
        began_s = asyncio.get_running_loop().time()
        sent = bytes(range(256)) * 4000
        writer.write(sent)
        writer.write_eof()
        assert await reader.read(-1) == sent
        assert asyncio.get_running_loop().time() - began_s >= 0.2  # the handshake, and there and back
        writer.close()


async def test_a_bottleneck_holds_bytes_back_until_it_is_halved_and_longer_then() -> None:
    narrow = Network("narrow", rate_bps=8_000_000)
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with server, shaped_relay(narrow, "127.0.0.1", server.sockets[0].getsockname()[1]) as relay:
        took: list[float] = []
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
            began_s = asyncio.get_running_loop().time()
            writer.write(bytes(300_000))
            writer.write_eof()
            assert len(await reader.read(-1)) == 300_000
            took.append(asyncio.get_running_loop().time() - began_s)
            writer.close()
            relay.halve()
        assert took[0] >= 0.3
        assert took[1] >= 0.6


async def test_a_connection_whose_node_is_not_there_is_closed() -> None:
    relay = ShapedRelay(Network("x"), "127.0.0.1", 1)
    await relay.open()
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    assert await reader.read(-1) == b""
    writer.close()
    await relay.close()


async def test_datagrams_take_their_time_and_some_never_come() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    async with shaped_relay(SLOW, "127.0.0.1", 1) as relay:
        port = await relay.udp_port(transport.get_extra_info("sockname"))
        assert port == await relay.udp_port(transport.get_extra_info("sockname"))
        sender, client = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
        began_s = loop.time()
        sender.sendto(b"hello")
        came_s, data = await client.came.get()
        assert data == b"HELLO"
        assert came_s - began_s >= 0.1
        sender.close()
    transport.close()


async def test_what_is_lost_either_way_does_not_come() -> None:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    draws = [0.0, 1.0, 0.0, 1.0, 1.0]  # the first is lost on the way there, the second on the way back
    relay = ShapedRelay(Network("lossy", loss=0.5), "127.0.0.1", 1, lambda: draws.pop(0))
    await relay.open()
    port = await relay.udp_port(transport.get_extra_info("sockname"))
    sender, client = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
    for word, left in ((b"one", 4), (b"two", 2), (b"three", 0)):
        sender.sendto(word)
        await eventually(lambda left=left: len(draws) == left)  # type: ignore[misc]
    assert (await client.came.get())[1] == b"THREE"
    assert client.came.empty()
    sender.close()
    await relay.close()
    transport.close()
