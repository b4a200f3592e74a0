"""An origin behind a real HTTP server on a free port, a pusher's side and a viewer's side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDictProxy

from infra.clock import Clock, SystemClock
from infra.http import errors_to_problems
from infra.ids import RenditionName, SessionId, StreamName
from infra.settings import Settings
from origin import handlers, intake
from origin.entry import Push
from origin.hub import Limits, OriginHub
from origin.storage.contract import ObjectStore
from origin.storage.memory import MemoryStore
from origin.storage.write_behind import WriteBehind
from support.cmaf_pusher import Post, Source

TOKEN = "push-token"
ENCODER_TOKEN = "encoder-token"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer, read to its end."""

    status: int
    headers: CIMultiDictProxy[str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class OriginServer:
    """A running origin."""

    def __init__(self, hub: OriginHub, base_url: str, http: aiohttp.ClientSession, store: ObjectStore) -> None:
        self.hub = hub
        self.base_url = base_url
        self.http = http
        self.store = store
        self._posts: list[Post] = []

    def post(self, rendition: str, *, stream: str = "cat", session: str = "s1", token: str = TOKEN) -> Post:
        """Begin a push."""
        return self.post_to(f"/cmaf/{stream}/{session}/{rendition}", token)

    def post_to(self, path: str, token: str) -> Post:
        """Begin a push to an address."""
        made = Post(self.http, self.base_url + path, token)
        self._posts.append(made)
        return made

    async def push(self, rendition: str, source: Source, parts: int, *, session: str = "s1") -> Post:
        """Begin a push, send its first parts, and wait until the origin listens to it."""
        before = self._listened_to(rendition, session)
        made = self.post(rendition, session=session)
        made.send(source.opening(), *source.parts(parts))
        async with asyncio.timeout(5):
            while self._listened_to(rendition, session) is before:
                await asyncio.sleep(0)
        return made

    def _listened_to(self, rendition: str, session: str) -> Push | None:
        entry = self.hub._entries.get((StreamName("cat"), SessionId(session)))
        return entry.pushes.get(RenditionName(rendition)) if entry else None

    async def get(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Ask for something; nothing is decompressed."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, self.base_url + path, headers=sent, auto_decompress=False) as response:
            return Answer(response.status, response.headers, await response.read())

    def ask(self, path: str) -> "asyncio.Task[Answer]":
        """Ask for something that may be held."""
        return asyncio.create_task(self.get(path))

    async def held(self, count: int) -> None:
        """Wait until so many requests are held: a barrier, so that nothing depends on time."""
        async with asyncio.timeout(20):
            while self.hub.held != count:
                await asyncio.sleep(0.001)

    async def listed(self, path: str) -> str:
        """A playlist as text, asked for without compression."""
        answer = await self.get(path, Accept_Encoding="identity")
        assert answer.status == 200, answer.text
        return answer.text

    async def close(self) -> None:
        """Break off every push that still runs."""
        for post in self._posts:
            await post.break_off()


@asynccontextmanager
async def origin_server(
    limits: Limits | None = None,
    store: ObjectStore | None = None,
    silence_s: float = 10.0,
    clock: Clock | None = None,
    settings: Settings | None = None,
    encoder_token: str = ENCODER_TOKEN,
) -> AsyncIterator[OriginServer]:
    """Run an origin on what is in the store."""
    clock = clock or SystemClock()
    store = store or MemoryStore(clock)
    storage = WriteBehind(store, clock)
    hub = OriginHub(settings or Settings(), clock, storage, limits)
    await hub.recover()
    app = web.Application(middlewares=[errors_to_problems])
    app.add_routes([*intake.routes(hub, TOKEN, encoder_token, silence_s), *handlers.routes(hub)])
    runner = web.AppRunner(app, shutdown_timeout=1, lingering_time=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    port = runner.addresses[0][1]
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers={"Accept-Encoding": "identity"}) as http:
        server = OriginServer(hub, f"http://127.0.0.1:{port}", http, store)
        try:
            yield server
        finally:
            await server.close()
            hub.end_sessions()
            await runner.cleanup()  # at once: it waits for connections that it knows, not for those that are lost
            await hub.close()
            await storage.close()
