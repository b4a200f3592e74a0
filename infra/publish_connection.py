"""Edge: one WHIP session of ``tandem publish``: tracks of coded media, and whether the server is still there."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from aiortc import MediaStreamTrack, RTCPeerConnection, RTCRtpSender
from aiortc.mediastreams import MediaStreamError
from aiortc.rtp import AnyRtcpPacket, RtcpSrPacket

from infra.clock import unix_ns_to_ntp
from infra.live_encoder import Coded
from infra.publish_progress import Sent
from infra.silence import Silence
from infra.webrtc_client import ClientFailed, Endpoint, new_connection

CONNECT_TIMEOUT_S = 10.0
_LISTEN_EVERY_S = 0.5
_QUEUE_PIECES = 120  # coded and not sent; then the network is too slow and the oldest are lost
_CODECS = {"video": "video/H264", "audio": "audio/opus"}


class CodedTrack(MediaStreamTrack):
    """A track whose media is coded already; aiortc's sender takes packets as they are."""

    def __init__(self, kind: str, sent: Sent) -> None:
        super().__init__()
        self.kind = kind
        self.last_capture_ns = 0  # of the piece that was sent last
        self._sent = sent
        self._queue: asyncio.Queue[Coded] = asyncio.Queue(_QUEUE_PIECES)

    def put(self, coded: Coded) -> None:
        """Hand over a piece."""
        if self._queue.full():
            self._queue.get_nowait()
            self._sent.lost += 1
        self._queue.put_nowait(coded)

    async def recv(self) -> Any:
        """The next piece, when there is one; aiortc calls this."""
        coded = await self._queue.get()
        if self.readyState != "live":
            raise MediaStreamError
        self.last_capture_ns = coded.capture_ns
        self._sent.count(self.kind, coded.packet.size)
        return coded.packet


class Connection:
    """One session with the server, from its offer to its end.

    Args:
        endpoint: WHIP endpoint.
        kinds: of the tracks: ``video``, ``audio``.
        sent: counts what goes out.
        want_keyframe: is called when the server asks for one.

    Attributes:
        lost: set when the server has ended it, or is not heard any more.
    """

    def __init__(self, endpoint: Endpoint, kinds: Sequence[str], sent: Sent, want_keyframe: Callable[[], None]) -> None:
        self.lost = asyncio.Event()
        self._endpoint = endpoint
        self._want_keyframe = want_keyframe
        self._peer: RTCPeerConnection = new_connection()
        self._tracks = {kind: self._add(CodedTrack(kind, sent)) for kind in kinds}
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Offer, and wait until media can flow.

        Raises:
            ClientFailed: it cannot.
        """
        connected = asyncio.Event()

        def on_change() -> None:
            state = self._peer.connectionState
            if state == "connected":
                connected.set()
            elif state in {"failed", "closed"}:
                self.lost.set()

        self._peer.on("connectionstatechange", on_change)
        await self._endpoint.offer(self._peer)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await connected.wait()
        except TimeoutError:
            where = urlsplit(self._endpoint.url).hostname
            raise ClientFailed(f"{where} answered, but no media connection came about: is its UDP port open?") from None
        self._listening = asyncio.create_task(self._listen(), name="listen")

    def put(self, kind: str, coded: Coded) -> None:
        """Send a piece of media."""
        self._tracks[kind].put(coded)

    async def close(self) -> None:
        """Let go of it, which tells the server that the media is over."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait([self._listening])
        await self._peer.close()

    async def _listen(self) -> None:
        silence, loop = Silence(), asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_LISTEN_EVERY_S)
            if silence.is_lost(await self._received(), loop.time()):
                self.lost.set()
                return

    async def _received(self) -> int:
        """Bytes from the server so far."""
        stats = await self._peer.getStats()
        return max((each.bytesReceived for each in stats.values() if each.type == "transport"), default=0)

    def _add(self, track: CodedTrack) -> CodedTrack:
        transceiver = self._peer.addTransceiver(track, direction="sendonly")
        codecs = RTCRtpSender.getCapabilities(track.kind).codecs
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == _CODECS[track.kind]])
        _report_capture_time(transceiver.sender, track)
        if track.kind == "video":
            # aiortc answers a keyframe request by telling its own encoder, which a coded track does not use
            transceiver.sender._send_keyframe = self._want_keyframe  # type: ignore[method-assign]  # noqa: SLF001
        return track


def _report_capture_time(sender: RTCRtpSender, track: CodedTrack) -> None:
    """Let sender reports tell when media was due, and not when it was sent: coding takes its time, and not the same."""
    send = sender._send_rtcp  # noqa: SLF001  aiortc has no way to say it

    async def send_corrected(packets: list[AnyRtcpPacket]) -> None:
        for packet in packets:
            if isinstance(packet, RtcpSrPacket) and track.last_capture_ns:
                packet.sender_info.ntp_timestamp = unix_ns_to_ntp(track.last_capture_ns)
        await send(packets)

    sender._send_rtcp = send_corrected  # type: ignore[method-assign]  # noqa: SLF001
