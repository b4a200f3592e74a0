"""An origin that only writes down what is pushed to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

from transcoder.push_target import PushTarget


@dataclass
class Push:
    """One POST: its path, what came, and how it ended."""

    path: str
    token: str
    data: bytearray = field(default_factory=bytearray)
    ended_cleanly: bool | None = None


@dataclass
class RecordingOrigin:
    """All POSTs so far, in the order they came."""

    target: PushTarget
    pushes: list[Push] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, wanted: Callable[["RecordingOrigin"], bool], timeout_s: float = 30) -> None:
        """Wait until a function of this origin is true."""
        async with asyncio.timeout(timeout_s), self.changed:
            await self.changed.wait_for(lambda: wanted(self))

    def of(self, rendition: str) -> list[Push]:
        """The POSTs of one rendition."""
        return [push for push in self.pushes if push.path.endswith(f"/{rendition}")]

    def renditions(self) -> set[str]:
        """Names of all renditions."""
        return {push.path.rpartition("/")[2] for push in self.pushes}

    async def take(self, request: web.Request) -> web.Response:
        """The handler."""
        push = Push(request.path, request.headers.get("Authorization", ""))
        self.pushes.append(push)
        try:
            async for data in request.content.iter_any():
                async with self.changed:
                    push.data += data
                    self.changed.notify_all()
            push.ended_cleanly = True
        except BaseException:  # broken off in whatever way; the server handles it
            push.ended_cleanly = False
            raise
        finally:
            async with self.changed:
                self.changed.notify_all()
        return web.Response(status=200)


@asynccontextmanager
async def recording_origin() -> AsyncIterator[RecordingOrigin]:
    """A running one, on a free port of loopback."""
    app = web.Application()
    server = TestServer(app, host="127.0.0.1")
    origin: RecordingOrigin

    async def take(request: web.Request) -> web.Response:
        return await origin.take(request)

    app.router.add_post("/cmaf/{stream}/{session}/{rendition}", take)
    await server.start_server()
    origin = RecordingOrigin(PushTarget(str(server.make_url("")).rstrip("/"), "secret"))
    try:
        yield origin
    finally:
        await server.close()
