"""Edge: the composition root: puts the stages together and runs a node."""

import asyncio
import contextlib
import os
import resource
import secrets
import signal
import sys
import webbrowser
from contextlib import AsyncExitStack
from typing import Self

import structlog
from aiohttp import web

from infra.clock import Clock, SystemClock
from infra.front import Front, prepare_front
from infra.gate import Gate
from infra.http import errors_to_problems
from infra.listening import bind_http, cannot_listen, is_exposed, resolve_announced, url_of
from infra.metrics import watch_loop_lag
from infra.node_api import NodeApi, NodeView
from infra.settings import Settings
from ingest import whep, whip
from ingest.hub import IngestHub
from ingest.udp import UdpPort
from origin import handlers, intake, recordings, vod
from origin.after_queue import AfterQueue
from origin.hub import OriginHub
from origin.recordings import Recordings
from origin.storage.factory import open_storage
from origin.storage.write_behind import WriteBehind
from origin.sweeper import Sweeper
from origin.vod import Vod
from player import pages
from transcoder.push_target import PushTarget
from transcoder.supervisor import Supervisor

BACKLOG = 4096  # connections that may wait to be accepted: all viewers of a part come at once
FILES = 65_536  # that may be open at once, if the host allows it
KEEPALIVE_S = 75.0
MAX_BODY_BYTES = 1 << 20  # of a body that is read whole; CMAF pushes are read as they come
STOP_TIMEOUT_S = 10.0
TELL_VIEWERS_S = 1.0  # held requests are answered with the end of the stream, and players come back once for the rest
_CONNECTIONS_CLOSE_S = 1.0
_TOKEN_BYTES = 24

_log = structlog.get_logger("node")


class Node:
    """A node: ``async with Node(settings) as node:`` serves inside the block.

    Attributes:
        http_port: the TCP port it listens on.
        udp_port: the UDP port of all WebRTC sessions.
        front: the program in front of it, if there is one.
        https_url: the same through the program in front; empty without one.
        app: the routes it serves.
        base_url: the URL by which this host reaches it, without a slash at the end.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.http_port = 0
        self.udp_port = 0
        self.base_url = ""
        self.https_url = ""
        self.front: Front | None = None
        self.app = web.Application(middlewares=[errors_to_problems], client_max_size=MAX_BODY_BYTES)
        self._clock = clock or SystemClock()
        self._closing = AsyncExitStack()
        self._not_ready: str | None = "the node is starting"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen and serve.

        Raises:
            CannotListen: a port is in use.
            StoreMisconfigured: the store cannot be used until the operator puts something right.
            ValueError: a setting that only its stage can judge is wrong.
        """
        async with AsyncExitStack() as closing:  # undone in reverse order, also if the start fails half-way
            await self._start(closing)
            self._closing = closing.pop_all()

    async def stop(self) -> None:
        """End all streams so that viewers are told, keep what is to be kept, free everything; about 10 s at most."""
        self._not_ready = "the node is shutting down"
        _log.info("stopping")
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._closing.aclose()
        except TimeoutError:
            _log.warning("stopped before everything was finished", timeout_s=STOP_TIMEOUT_S)
        else:
            _log.info("stopped")

    async def _start(self, closing: AsyncExitStack) -> None:
        settings = self.settings
        announced = await resolve_announced(settings.announce)
        sock = await bind_http(settings.host, settings.port)
        closing.callback(sock.close)
        self.http_port, self.base_url = sock.getsockname()[1], url_of(sock)

        try:
            udp = await UdpPort.open(settings.host, settings.udp_port, announced, self._clock)
        except OSError as error:
            raise cannot_listen("UDP", settings.host, settings.udp_port, error) from error
        closing.callback(udp.close)
        self.udp_port = udp.port

        storage = await open_storage(settings, self._clock)
        closing.push_async_callback(storage.close)
        await storage.start()
        queue = await _open_queue(settings, storage, closing)
        origin = OriginHub(settings, self._clock, storage, hand_on=queue.add if queue else None)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        supervisor = Supervisor(settings, self._clock, PushTarget(self.base_url, token), stage_times=origin.stage_times)
        ingest = IngestHub(settings, self._clock, udp, supervisor, origin, origin.stage_times)

        app = self.app
        gate = Gate(settings.viewer_secret.get_secret_value(), self._clock)
        app.add_routes([*whip.routes(ingest), *self._api(ingest, origin, storage).routes()])
        app.add_routes(intake.routes(origin, token, settings.encoder_token.get_secret_value()))
        live = handlers.routes(origin, settings.media_base_url)
        kept = _recording_routes(settings, storage, queue, closing)
        app.add_routes(
            gate.routes([*whep.routes(ingest), *live, *kept, *pages.routes(media_base_url=settings.media_base_url)])
        )
        front = await prepare_front(settings, sock, self._clock) if settings.https else None
        if front is not None:
            closing.push_async_callback(front.close)  # the last: it passes on what the node answers at its end
        runner = await _set_up(app, closing)
        closing.push_async_callback(origin.close)
        await origin.recover()
        await web.SockSite(runner, sock, backlog=BACKLOG).start()
        self._enforce_retention(origin, storage, closing)
        closing.push_async_callback(_let_players_read_the_end, runner)
        closing.callback(origin.end_sessions)
        lag = asyncio.create_task(watch_loop_lag(), name="event loop lag")
        closing.push_async_callback(_cancel, lag)
        closing.push_async_callback(supervisor.close)
        supervisor.prepare()
        await ingest.start()
        closing.push_async_callback(ingest.close)

        if front is not None:
            await front.start()
            self.front, self.https_url = front, front.url
            _log.info("https", url=front.url, program=front.kind)
        self._not_ready = None
        _log.info("listening", url=self.base_url, udp_port=self.udp_port, announced=list(udp.addresses))
        if is_exposed(sock):
            self._warn_of_exposure()

    def _warn_of_exposure(self) -> None:
        if self.settings.viewer_secret.get_secret_value():
            _log.warning("everybody who reaches this host can publish", host=self.settings.host)
        else:
            _log.warning("everybody who reaches this host can publish and watch", host=self.settings.host)

    def _enforce_retention(self, origin: OriginHub, storage: WriteBehind, closing: AsyncExitStack) -> None:
        if origin.retention.sweep_pause_s is not None:
            sweeper = Sweeper(storage, origin.retention, origin.holds, self._clock)
            closing.push_async_callback(_cancel, asyncio.create_task(sweeper.run(), name="retention"))

    def _api(self, ingest: IngestHub, origin: OriginHub, storage: WriteBehind) -> NodeApi:
        view = NodeView(
            settings=self.settings,
            clock=self._clock,
            ice_servers=ingest.ice_servers,
            streams=ingest.snapshot,
            foreign_streams=origin.foreign_streams,
            session_of=origin.session_of,
            stage_times_of=origin.stage_times.of,
            not_ready=lambda: self._not_ready or storage.not_ready,
        )
        return NodeApi(view)


async def run_node(settings: Settings, *, open_page: bool = False) -> None:
    """Serve until SIGINT or SIGTERM; a second signal ends the process at once.

    Raises:
        CannotListen, StoreMisconfigured, ValueError: as `Node.start`.
    """
    _allow_many_files()
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        told.set()
        for number in (signal.SIGINT, signal.SIGTERM):  # the next one does what signals do
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, on_signal)
    async with Node(settings) as node:
        if open_page:
            await show_page(node.base_url)
        await told.wait()


def _allow_many_files() -> None:
    """Every viewer that waits is a file; the usual soft limit of 1024 would turn the others away."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def show_page(url: str) -> None:
    """Open the URL in the desktop's browser; where there is none, say where the page is."""
    desktop = sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    if not desktop or not await asyncio.to_thread(webbrowser.open, url):
        sys.stderr.write(f"\n  Open {url} in a browser.\n\n")


async def _open_queue(settings: Settings, storage: WriteBehind, closing: AsyncExitStack) -> AfterQueue | None:
    """The queue of the work after sessions; None with a store that keeps nothing."""
    if not storage.durable:
        return None
    queue = await AfterQueue.open(settings)
    closing.push_async_callback(queue.close)
    return queue


def _recording_routes(
    settings: Settings, storage: WriteBehind, queue: AfterQueue | None, closing: AsyncExitStack
) -> list[web.RouteDef]:
    """``/api/recordings`` and ``/vod``; without a queue they say that nothing is kept."""
    admin_token = settings.admin_token.get_secret_value()
    if queue is None:
        return [*recordings.routes(None, admin_token), *vod.routes(None)]
    files = Vod(storage)
    closing.push_async_callback(files.close)
    return [*recordings.routes(Recordings(storage, queue), admin_token), *vod.routes(files)]


async def _set_up(app: web.Application, closing: AsyncExitStack) -> web.AppRunner:
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=KEEPALIVE_S,
        lingering_time=_CONNECTIONS_CLOSE_S,
        shutdown_timeout=_CONNECTIONS_CLOSE_S,
    )
    await runner.setup()
    closing.push_async_callback(runner.cleanup)
    return runner


async def _let_players_read_the_end(runner: web.AppRunner) -> None:
    if runner.server is not None and runner.server.connections:
        await asyncio.sleep(TELL_VIEWERS_S)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
