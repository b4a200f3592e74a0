"""Edge: ``tandem publish``: a file or the test pattern as a WHIP publisher in real time.

The media goes on whatever the network does. A server that is lost is offered a new session, again and again; what is
due meanwhile is left out. The old session is not said goodbye to before the server has taken the new one: a goodbye
would end the broadcast, and with it the HLS session that a publisher who returns in time goes on with.
"""

import asyncio
import random
import signal
import threading
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from itertools import count

from infra.clock import SystemClock
from infra.live_encoder import Coded, PictureCoder, SoundCoder, Timeline
from infra.media_file import MediaUnreadable
from infra.publish_connection import Connection
from infra.publish_progress import Progress, Sent
from infra.publish_source import PublishOptions, Source, open_source
from infra.server_clock import ServerClock, ask_clock
from infra.webrtc_client import ClientFailed, Endpoint

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 3.0  # a node waits some ten seconds for its publisher to return
_JOIN_S = 2.0
_LOST = "the connection was lost: the server ended the session or cannot be reached any more"


async def publish(options: PublishOptions) -> None:
    """Publish until the media ends, the time is up, or a signal comes.

    Raises:
        MediaUnreadable: the source cannot be published.
        ClientFailed: the server cannot be reached, refuses, or was away for too long.
    """
    source = await asyncio.to_thread(open_source, options)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    async with AsyncExitStack() as closing:
        endpoint = await closing.enter_async_context(Endpoint(options.endpoint))
        publisher = Publisher(endpoint, source, options)
        closing.push_async_callback(publisher.close)
        if await _unless(stopped, publisher.connect()):
            await publisher.run(stopped)


async def _unless(stopped: asyncio.Event, work: Coroutine[None, None, None]) -> bool:
    """Do the work to its end, or until the event is set; whether it came to its end."""
    working, waiting = asyncio.create_task(work), asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait((working, waiting), return_when=asyncio.FIRST_COMPLETED)
        done = working.done()
        if done:
            await working
        return done
    finally:
        for task in (working, waiting):
            task.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)


class Publisher:
    """The media, the threads that code it, and the session it goes to.

    Attributes:
        clock: that capture times are told by: the node's, once connected.
    """

    def __init__(self, endpoint: Endpoint, source: Source, options: PublishOptions) -> None:
        self._endpoint = endpoint
        self._source = source
        self._options = options
        self.clock = ServerClock(SystemClock(), "own", None)
        self._sent = Sent()
        self._pictures = source.shape and PictureCoder(source.shape, options.bitrate_kbps * 1000)
        self._connection: Connection | None = None
        self._timeline: Timeline | None = None
        self._threads: list[threading.Thread] = []
        self._over = asyncio.Event()  # all threads have ended
        self._failure: BaseException | None = None
        self._running = 0
        self._loop = asyncio.get_running_loop()

    async def connect(self) -> None:
        """Offer, and wait until media can flow.

        Raises:
            ClientFailed: it cannot.
        """
        if self._timeline is None:
            self.clock = await ask_clock(self._endpoint.http, self._options.endpoint)
        kinds = [kind for kind, there in (("video", self._pictures), ("audio", self._source.sound)) if there]
        fresh = Connection(self._endpoint, kinds, self._sent, self._want_keyframe)
        try:
            await fresh.open()
        except BaseException:
            await fresh.close()
            raise
        left, self._connection = self._connection, fresh
        self._want_keyframe()
        if left is not None:
            await left.close()

    async def run(self, stopped: asyncio.Event) -> None:
        """Send until the media ends or the event is set.

        Raises:
            ClientFailed: the server was away for too long.
            MediaUnreadable: the file broke off.
        """
        self._start()
        ending = asyncio.create_task(_any(stopped, self._over))
        progress = Progress(self._sent, self._options.source, self._options.endpoint)
        reporting = asyncio.create_task(progress.run())
        try:
            while not ending.done():
                await self._lost_unless(ending)
                if not ending.done():
                    await self._return(ending, progress)
        finally:
            for task in (ending, reporting):
                task.cancel()
            await asyncio.gather(ending, reporting, return_exceptions=True)
            progress.close()
        if self._failure is not None:
            raise MediaUnreadable(f"{self._options.source} broke off: {self._failure}") from self._failure

    async def close(self) -> None:
        """Say goodbye and stop the threads."""
        if self._timeline is not None:
            self._timeline.stop()
        await self._endpoint.leave()
        if self._connection is not None:
            await self._connection.close()
        for thread in self._threads:
            await asyncio.to_thread(thread.join, _JOIN_S)

    async def _lost_unless(self, ending: "asyncio.Task[None]") -> None:
        """Wait until the server is lost, or it is over."""
        assert self._connection is not None
        lost = asyncio.create_task(self._connection.lost.wait())
        await asyncio.wait((ending, lost), return_when=asyncio.FIRST_COMPLETED)
        lost.cancel()

    async def _return(self, ending: "asyncio.Task[None]", progress: Progress) -> None:
        """Offer a new session until one is taken, or it is over.

        Raises:
            ClientFailed: it was not for as long as the options allow.
        """
        lost_s = self._loop.time()
        why = _LOST
        for attempt in count():
            away_s = self._loop.time() - lost_s
            if self._options.give_up_s is not None and away_s >= self._options.give_up_s:
                raise ClientFailed(why)
            progress.away(why)
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt) * random.uniform(0.5, 1)  # noqa: S311  jitter
            await asyncio.wait((ending,), timeout=pause_s if attempt else 0)
            if ending.done():
                return
            connecting = asyncio.create_task(self.connect())
            await asyncio.wait((ending, connecting), return_when=asyncio.FIRST_COMPLETED)
            connecting.cancel()
            try:
                await connecting
            except asyncio.CancelledError:
                if not ending.done():
                    raise
                return
            except ClientFailed as error:
                why = str(error)
            else:
                progress.back()
                return

    def _want_keyframe(self) -> None:
        if self._pictures:
            self._pictures.want_keyframe()

    def _start(self) -> None:
        timeline = self._timeline = Timeline(self.clock.clock, self._options.seconds)
        if self._pictures and self._source.shape:
            pictures = self._source.pictures(self._source.shape, timeline)
            emit = partial(self._emit, "video")
            self._spawn(partial(self._pictures.run, pictures, timeline, emit, self._sent.leave_out), "pictures")
        if self._source.sound is not None:
            sound = self._source.sound(timeline)
            self._spawn(partial(SoundCoder().run, sound, timeline, partial(self._emit, "audio")), "sound")

    def _emit(self, kind: str, coded: Coded) -> None:
        """A coder's thread has a piece."""
        self._loop.call_soon_threadsafe(self._put, kind, coded)

    def _put(self, kind: str, coded: Coded) -> None:
        if self._connection is not None and not self._connection.lost.is_set():
            self._connection.put(kind, coded)

    def _spawn(self, work: Callable[[], None], name: str) -> None:
        def run() -> None:
            failure: BaseException | None = None
            try:
                work()
            except Exception as error:  # noqa: BLE001  told to the person at the terminal by `run`
                failure = error
            self._loop.call_soon_threadsafe(self._ended, failure)

        self._running += 1
        thread = threading.Thread(target=run, name=f"publish {name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _ended(self, failure: BaseException | None) -> None:
        self._running -= 1
        self._failure = self._failure or failure
        if self._running == 0 or failure is not None:
            self._over.set()


async def _any(*events: asyncio.Event) -> None:
    """Wait until one of them is set."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
