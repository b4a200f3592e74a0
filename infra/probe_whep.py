"""Edge: joins a WHEP endpoint as a viewer and counts what arrives; nothing is decoded."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from aiortc import RTCRtpReceiver
from aiortc.rtp import RtcpSrPacket
from aiortc.rtp import RtpPacket as AiortcPacket

from infra.clock import Clock, SystemClock, ntp_to_unix_ns
from infra.probe_report import START_WAIT_S, TrackReport, WhepReport, spread
from infra.server_clock import ServerClock, ask_clock
from infra.webrtc_client import ClientFailed, Endpoint, new_connection
from ingest.depacketize import CodedFrame, Depacketizer, depacketizer_of
from ingest.rtp import Malformed, RtpPacket
from transcoder.access_unit import Codec

FIRST_MEDIA_S = 10.0
_BEHIND = 0x7FFF  # a sequence number further ahead than this is behind
_NS_PER_MS = 1_000_000
_NS_PER_S = 1_000_000_000
_RTPMAP = re.compile(r"^a=rtpmap:(\d+) (H264|VP8|opus)/(\d+)", re.MULTILINE | re.IGNORECASE)


@dataclass
class _Tap:
    """One track, packet by packet, before aiortc would decode it."""

    clock: Clock
    codecs: dict[int, tuple[Codec, int]] = field(default_factory=dict)  # by payload type: codec and clock rate
    codec: Codec | None = None
    depacketizer: Depacketizer | None = None
    frames: int = 0
    bytes: int = 0
    lost: int = 0
    malformed: int = 0
    size: tuple[int, int] | None = None
    first_key_ns: int | None = None
    first_ns: int | None = None
    last_ns: int = 0
    report: tuple[int, int] | None = None  # of the last sender report: Unix nanoseconds and RTP timestamp
    latencies_ms: list[float] = field(default_factory=list)
    _rate: int = 0
    _next_sequence: int | None = None

    async def on_rtp(self, packet: AiortcPacket, arrival_time_ms: int) -> None:  # noqa: ARG002
        """Take a packet; aiortc calls this."""
        known = self.codecs.get(packet.payload_type)
        if known is None or not packet.payload:  # retransmissions and padding
            return
        if self.depacketizer is None or known[0] is not self.codec:
            self.codec, self._rate = known
            self.depacketizer = depacketizer_of(self.codec)
        self.last_ns = self.clock.now_ns()
        self.first_ns = self.first_ns or self.last_ns
        lost = 0
        if self._next_sequence is not None:
            lost = (packet.sequence_number - self._next_sequence) & 0xFFFF
            if lost > _BEHIND:  # older than the last one
                return
        self._next_sequence = (packet.sequence_number + 1) & 0xFFFF
        self.lost += lost
        self.bytes += len(packet.payload)
        ours = RtpPacket(
            packet.payload_type,
            bool(packet.marker),
            packet.sequence_number,
            packet.timestamp,
            packet.ssrc,
            bytes(packet.payload),
        )
        try:
            frames = self.depacketizer.push(ours, lost)
        except Malformed:
            self.malformed += 1
            return
        for frame in frames:
            self._on_frame(frame)

    async def on_rtcp(self, packet: Any) -> None:
        """Take a report; aiortc calls this."""
        if isinstance(packet, RtcpSrPacket):
            self.report = ntp_to_unix_ns(packet.sender_info.ntp_timestamp), packet.sender_info.rtp_timestamp

    def _on_frame(self, frame: CodedFrame) -> None:
        self.frames += 1
        self.size = frame.size or self.size
        if frame.key and self.first_key_ns is None:
            self.first_key_ns = self.last_ns
        if self.report is not None:
            reported_ns, at = self.report
            ahead = (frame.timestamp - at + (1 << 31)) % (1 << 32) - (1 << 31)
            capture_ns = reported_ns + ahead * _NS_PER_S // self._rate
            self.latencies_ms.append((self.last_ns - capture_ns) / _NS_PER_MS)

    def describe(self) -> TrackReport | None:
        """What came; None for nothing."""
        if self.codec is None or self.first_ns is None:
            return None
        seconds = max(1, self.last_ns - self.first_ns) / _NS_PER_S
        width, height = self.size or (None, None)
        return TrackReport(self.codec.name, self.frames, width, height, round(self.bytes * 8 / seconds))


async def probe_whep(url: str, seconds: float) -> WhepReport:
    """Watch for some seconds.

    Raises:
        ClientFailed: it cannot be reached, is not live, or sends nothing.
    """
    async with Endpoint(url) as endpoint:
        told = await ask_clock(endpoint.http, url)
        clock = told.clock
        connection = new_connection()
        try:
            taps = {kind: _Tap(clock) for kind in ("video", "audio")}
            for kind, tap in taps.items():
                _attach(connection.addTransceiver(kind, direction="recvonly").receiver, tap)
            await endpoint.offer(connection, START_WAIT_S)
            offered_ns = clock.now_ns()
            codecs = _codecs(connection.remoteDescription.sdp)
            for tap in taps.values():
                tap.codecs = codecs
            await _wait_for_media(taps, clock)
            await asyncio.sleep(seconds)
        finally:
            await endpoint.leave()
            await connection.close()
    return _report(url, taps["video"], taps["audio"], offered_ns, told)


def _attach(receiver: RTCRtpReceiver, tap: _Tap) -> None:
    """Put the tap in the place of aiortc's jitter buffer and decoder (notes on why: they add up to 280 ms)."""
    receiver._handle_rtp_packet = tap.on_rtp  # type: ignore[method-assign]  # noqa: SLF001
    receiver._handle_rtcp_packet = tap.on_rtcp  # type: ignore[method-assign]  # noqa: SLF001


async def _wait_for_media(taps: dict[str, _Tap], clock: SystemClock) -> None:
    deadline_ns = clock.now_ns() + round(FIRST_MEDIA_S * _NS_PER_S)
    while not any(tap.frames for tap in taps.values()):
        if clock.now_ns() > deadline_ns:
            raise ClientFailed("the offer was answered, but no media came: is the server's UDP port open?")
        await asyncio.sleep(0.01)


def _codecs(answer: str) -> dict[int, tuple[Codec, int]]:
    return {int(number): (Codec[name.upper()], int(rate)) for number, name, rate in _RTPMAP.findall(answer)}


def _report(url: str, video: _Tap, audio: _Tap, offered_ns: int, told: ServerClock) -> WhepReport:
    problems = []
    for kind, tap in (("video", video), ("audio", audio)):
        if tap.lost:
            problems.append(f"{kind}: {tap.lost} packets lost")
        if tap.malformed:
            problems.append(f"{kind}: {tap.malformed} packets malformed")
        if tap.frames and tap.report is None:
            problems.append(f"{kind}: no sender report")
    if video.frames and video.first_key_ns is None:
        problems.append("video: no keyframe")
    first_ms = None if video.first_key_ns is None else round((video.first_key_ns - offered_ns) / _NS_PER_MS, 1)
    latencies = video.latencies_ms or audio.latencies_ms
    return WhepReport(
        url, video.describe(), audio.describe(), first_ms, told.source, told.error_ms, spread(latencies), problems
    )
