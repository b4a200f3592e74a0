"""Edge: ``tandem publish``: a file or the test pattern as a WHIP publisher in real time."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpSender
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket

from infra.clock import SystemClock, unix_ns_to_ntp
from infra.live_encoder import Coded, PictureCoder, SoundCoder, Timeline
from infra.media_file import MediaUnreadable
from infra.publish_progress import Progress, Sent
from infra.publish_source import PublishOptions, Source, open_source
from infra.server_clock import ServerClock, ask_clock
from infra.webrtc_client import ClientFailed, Endpoint, new_connection

CONNECT_TIMEOUT_S = 10.0
_QUEUE_PIECES = 120  # coded and not sent; then the network is too slow and the oldest are lost
_JOIN_S = 2.0


class CodedTrack(MediaStreamTrack):
    """A track whose media is coded already; aiortc's sender takes packets as they are."""

    def __init__(self, kind: str, loop: asyncio.AbstractEventLoop, sent: Sent) -> None:
        super().__init__()
        self.kind = kind
        self.last_capture_ns = 0  # of the piece that was sent last
        self._home = loop
        self._sent = sent
        self._queue: asyncio.Queue[Coded | None] = asyncio.Queue(_QUEUE_PIECES)

    def deliver(self, coded: Coded) -> None:
        """Hand over a piece, from any thread."""
        self._home.call_soon_threadsafe(self._put, coded)

    async def recv(self) -> Any:
        """The next piece, when there is one; aiortc calls this."""
        coded = await self._queue.get()
        if coded is None or self.readyState != "live":
            raise MediaStreamError
        self.last_capture_ns = coded.capture_ns
        self._sent.count(self.kind, coded.packet.size)
        return coded.packet

    def _put(self, coded: Coded) -> None:
        if self._queue.full():
            self._queue.get_nowait()
            self._sent.lost += 1
        self._queue.put_nowait(coded)


async def publish(options: PublishOptions) -> None:
    """Publish until the media ends, the time is up, or a signal comes.

    Raises:
        MediaUnreadable: the source cannot be published.
        ClientFailed: the server cannot be reached, refuses, or went away.
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
    """One connection and the threads that feed it.

    Attributes:
        clock: that capture times are told by: the node's, once connected.
    """

    def __init__(self, endpoint: Endpoint, source: Source, options: PublishOptions) -> None:
        self._endpoint = endpoint
        self._source = source
        self._options = options
        self._connection: RTCPeerConnection = new_connection()
        self.clock = ServerClock(SystemClock(), "own", None)
        self._coder: PictureCoder | None = None
        self._tracks: list[CodedTrack] = []
        self._timeline: Timeline | None = None
        self._threads: list[threading.Thread] = []
        self._sent = Sent()
        self._over = asyncio.Event()  # all threads have ended
        self._lost = asyncio.Event()
        self._failure: BaseException | None = None
        self._running = 0
        self._loop = asyncio.get_running_loop()

    async def connect(self) -> None:
        """Offer, and wait until media can flow.

        Raises:
            ClientFailed: it cannot.
        """
        self.clock = await ask_clock(self._endpoint.http, self._options.endpoint)
        connected = asyncio.Event()

        def on_change() -> None:
            state = self._connection.connectionState
            if state == "connected":
                connected.set()
            elif state in {"failed", "closed"}:
                self._lost.set()

        self._connection.on("connectionstatechange", on_change)
        if self._source.shape is not None:
            self._coder = PictureCoder(self._source.shape, self._options.bitrate_kbps * 1000)
        self._tracks = [
            self._add_track(kind)
            for kind, there in (("video", self._source.shape), ("audio", self._source.sound))
            if there is not None
        ]
        await self._endpoint.offer(self._connection)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await connected.wait()
        except TimeoutError:
            where = urlsplit(self._options.endpoint).hostname
            raise ClientFailed(f"{where} answered, but no media connection came about: is its UDP port open?") from None

    async def run(self, stopped: asyncio.Event) -> None:
        """Send until the media ends or the event is set.

        Raises:
            ClientFailed: the connection was lost.
            MediaUnreadable: the file broke off.
        """
        self._start()
        progress = Progress(self._sent, self._options.source, self._options.endpoint)
        waiting = [asyncio.create_task(event.wait()) for event in (stopped, self._over, self._lost)]
        reporting = asyncio.create_task(progress.run())
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*waiting, reporting):
                task.cancel()
            await asyncio.gather(*waiting, reporting, return_exceptions=True)
            progress.close()
        if self._failure is not None:
            raise MediaUnreadable(f"{self._options.source} broke off: {self._failure}") from self._failure
        if self._lost.is_set():
            raise ClientFailed("the connection was lost: the server ended the session or cannot be reached any more")

    async def close(self) -> None:
        """Say goodbye and stop the threads."""
        if self._timeline is not None:
            self._timeline.stop()
        await self._endpoint.leave()
        await self._connection.close()
        for thread in self._threads:
            await asyncio.to_thread(thread.join, _JOIN_S)

    def _add_track(self, kind: str) -> CodedTrack:
        track = CodedTrack(kind, self._loop, self._sent)
        transceiver = self._connection.addTransceiver(track, direction="sendonly")
        codecs = RTCRtpSender.getCapabilities(kind).codecs
        wanted = {"video": "video/H264", "audio": "audio/opus"}[kind]
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == wanted])
        _report_capture_time(transceiver.sender, track)
        if self._coder is not None and kind == "video":
            # aiortc answers a keyframe request by telling its own encoder, which a coded track does not use
            transceiver.sender._send_keyframe = self._coder.want_keyframe  # type: ignore[method-assign]  # noqa: SLF001
        return track

    def _start(self) -> None:
        timeline = self._timeline = Timeline(self.clock.clock, self._options.seconds)
        for track in self._tracks:
            if track.kind == "video" and self._coder is not None and self._source.shape is not None:
                pictures = self._source.pictures(self._source.shape, timeline)
                self._spawn(partial(self._coder.run, pictures, timeline, track.deliver), "pictures")
            elif self._source.sound is not None:
                sound = self._source.sound(timeline)
                self._spawn(partial(SoundCoder().run, sound, timeline, track.deliver), "sound")

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


def _report_capture_time(sender: RTCRtpSender, track: CodedTrack) -> None:
    """Let sender reports tell when media was due, and not when it was sent: coding takes its time, and not the same."""
    send = sender._send_rtcp  # noqa: SLF001  aiortc has no way to say it

    async def send_corrected(packets: list[AnyRtcpPacket]) -> None:
        for packet in packets:
            if isinstance(packet, RtcpSrPacket) and track.last_capture_ns:
                packet.sender_info.ntp_timestamp = unix_ns_to_ntp(track.last_capture_ns)
        await send(packets)

    sender._send_rtcp = send_corrected  # type: ignore[method-assign]  # noqa: SLF001
