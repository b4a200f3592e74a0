"""Edge: pushes CMAF to an origin: one long-lived chunked POST per rendition (docs/architecture.md, contract 2)."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus
from typing import Self

import aiohttp

from infra.ids import RenditionName, SessionId, StreamName
from transcoder.errors import PushFailed
from transcoder.push_target import PushTarget

MAX_BACKLOG_BYTES = 32 << 20  # a minute of a high ladder: an origin that is this far behind is not there
CONNECT_TIMEOUT_S = 3.0
TOGETHER_WITHIN_S = (
    1.5  # encoders begin within milliseconds of each other on an idle machine, within this on a busy one
)


class RenditionPush:
    """One POST. ``put`` and ``end`` never wait; ``run`` ends with the answer, or raises."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http = http
        self._url = url
        self._token = token
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._backlog_bytes = 0
        self._ended = False

    def put(self, data: bytes) -> None:
        """Send these bytes next.

        Raises:
            PushFailed: the origin takes none, and too many wait.
        """
        self._backlog_bytes += len(data)
        if self._backlog_bytes > MAX_BACKLOG_BYTES:
            raise PushFailed(f"origin does not take media: {self._backlog_bytes} bytes wait")
        self._queue.put_nowait(data)

    def end(self) -> None:
        """Nothing more comes: end the body cleanly."""
        self._queue.put_nowait(None)

    async def run(self) -> None:
        """Send until `end`, then wait for the answer.

        Raises:
            PushFailed: the origin refused, or the connection broke.
        """
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "video/mp4"}
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_S)
        try:
            async with self._http.post(self._url, data=self._body(), headers=headers, timeout=timeout) as answer:
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    raise PushFailed(f"origin answered {answer.status}: {(await answer.text())[:200]}")
                if not self._ended:
                    raise PushFailed(f"origin answered {answer.status} before the end")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise PushFailed(f"push broke: {error}") from error

    async def _body(self) -> AsyncIterator[bytes]:
        while (data := await self._queue.get()) is not None:
            self._backlog_bytes -= len(data)
            yield data
        self._ended = True


class Publisher:
    """The POSTs of one session's renditions. Lives on one event loop; ``async with`` closes the connections."""

    def __init__(self, target: PushTarget, stream: StreamName, session: SessionId) -> None:
        self._target = target
        self._path = f"{target.base_url}/cmaf/{stream}/{session}"
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._pushes: dict[RenditionName, RenditionPush] = {}
        self._held: dict[RenditionName, RenditionPush] = {}  # not begun yet
        self._awaited: set[RenditionName] = set()
        self._patience: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._patience is not None:
            self._patience.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()
        self.failed.cancel()

    def expect(self, renditions: Iterable[RenditionName]) -> None:
        """Begin these together: when the first bytes of all are there, or after a moment.

        Players choose from what the first playlist lists; a rendition that comes after it is not chosen.
        """
        self._awaited = set(renditions) - self._pushes.keys()
        if self._patience is None:
            self._patience = asyncio.get_running_loop().call_later(TOGETHER_WITHIN_S, self._begin)

    def put(self, rendition: RenditionName, data: bytes) -> None:
        """Send bytes of a rendition; its first ones open its POST. A failure shows in ``failed``."""
        push = self._pushes.get(rendition)
        if push is None:
            push = RenditionPush(self._http, f"{self._path}/{rendition}", self._target.token)
            self._pushes[rendition] = self._held[rendition] = push
            self._awaited.discard(rendition)
            if not self._awaited:
                self._begin()
        try:
            push.put(data)
        except PushFailed as error:
            self.fail(error)

    def _begin(self) -> None:
        self._awaited.clear()
        for rendition, push in self._held.items():
            task = asyncio.create_task(push.run(), name=f"push {rendition}")
            self._tasks.add(task)
            task.add_done_callback(self._pushed)
        self._held.clear()

    async def finish(self) -> None:
        """End every body cleanly and wait for the answers; the supervisor bounds the time a worker may take."""
        self._begin()
        for push in self._pushes.values():
            push.end()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _pushed(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Something else failed: the session cannot go on."""
        if not self.failed.done():
            self.failed.set_exception(error)
