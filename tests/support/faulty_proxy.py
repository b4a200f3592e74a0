"""A TCP proxy before a real server that can be made to fail in the ways networks and servers do."""

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BUSY = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 95\r\nConnection: close\r\n\r\n"
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please slow down.</Message></Error>  "
)
_CHUNK = 65_536
SLOW_S = 0.01  # a chunk


class Fault(enum.Enum):
    """What the proxy does with what a client sends."""

    NONE = "passes"
    BUSY = "answers itself, by default 503"
    HANG = "says nothing"
    RESET = "cuts the connection"
    HALF = "cuts the connection within a body"
    SLOW = "is slow"


class FaultyProxy:
    """Passes bytes between clients and a server on loopback, as long as `fault` says so."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._clients: set[asyncio.StreamWriter] = set()
        self.fault = Fault.NONE
        self.answer = BUSY  # to everything, while it is busy
        self.requests = 0  # roughly: chunks that came from clients
        self.port = 0

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.port}"

    async def serve_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._clients.add(writer)
        from_server, server = await asyncio.open_connection("127.0.0.1", self._server_port)
        answers = asyncio.create_task(_copy(from_server, writer))
        try:
            while chunk := await reader.read(_CHUNK):
                self.requests += 1
                await self._pass(chunk, server, writer)
        except OSError:
            pass
        finally:
            self._clients.discard(writer)
            answers.cancel()
            await asyncio.gather(answers, return_exceptions=True)
            for side in (server, writer):
                side.close()
                with contextlib.suppress(OSError):
                    await side.wait_closed()

    async def _pass(self, chunk: bytes, server: asyncio.StreamWriter, client: asyncio.StreamWriter) -> None:
        """A chunk that came from a client.

        Raises:
            ConnectionError: the connection is over.
        """
        match self.fault:
            case Fault.HANG:
                return
            case Fault.BUSY:
                client.write(self.answer)
                await client.drain()
                raise ConnectionError
            case Fault.RESET:
                client.transport.abort()
                raise ConnectionError
            case Fault.HALF:
                server.write(chunk[: len(chunk) // 2])
                await server.drain()
                client.transport.abort()
                raise ConnectionError
            case Fault.SLOW:
                await asyncio.sleep(SLOW_S)
        server.write(chunk)
        await server.drain()

    def cut_all(self) -> None:
        """Cut every connection there is."""
        for client in list(self._clients):
            client.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def faulty_proxy(server_port: int) -> AsyncIterator[FaultyProxy]:
    """A proxy on a free port."""
    proxy = FaultyProxy(server_port)
    server = await asyncio.start_server(proxy.serve_client, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.cut_all()
        await server.wait_closed()
        while proxy._clients:
            await asyncio.sleep(0)
