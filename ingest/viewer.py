"""Edge: one viewer's half of the fan-out: its headers, sequence numbers, retransmissions and sender reports.

Theory of operation. The forwarder hands every viewer the same payloads (`OutgoingUnit`); a viewer adds what is its own
and gives them to its transport in one call. Video starts at a keyframe: one that the forwarder still has, or one that
is asked for on joining and again every `ingest.keyframes.INTERVAL_NS` until it comes. Packets stay in a ring for
retransmission. About every second a sender report maps the node's clock to RTP time so that a browser's
``estimatedPlayoutTimestamp`` is the capture time.

A slow viewer loses packets, which are counted and which it may ask for again; nobody waits for it. Requests of a viewer
are bounded: retransmissions by a budget, keyframes by coalescing.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.clock import NS_PER_S, Clock, unix_ns_to_ntp
from ingest.keyframes import KeyframeRequests
from ingest.nack import rtx_payload
from ingest.rtcp import (
    KeyframeRequest,
    Nack,
    ReportBlock,
    SenderReport,
    parse_rtcp,
    print_cname,
    print_goodbye,
    print_sender_report,
)
from ingest.rtp import HeaderWriter, Malformed
from ingest.tracks import TrackPlan
from ingest.transport import MediaTransport
from transcoder.access_unit import AccessUnit, Codec, Track

RING_PACKETS = 1024  # 3.5 s of 720p; a power of two
REPORT_NS = NS_PER_S
RTX_PER_S = 1000  # retransmissions; 10 Mbit/s
RTX_BURST = 300
_CNAME_BYTES = 8
_NS_PER_NTP_TICK = NS_PER_S / 65536  # of the middle 32 bits


@dataclass(frozen=True, slots=True)
class OutgoingUnit:
    """One access unit on its way to all viewers.

    Attributes:
        unit: as it came.
        payloads: RTP payloads in order.
        timestamp: unwrapped RTP time of the stream (`ingest.timestamps`), before a viewer's own offset.
        lag_ticks: how far it is ahead of the capture time.
    """

    unit: AccessUnit
    payloads: Sequence[bytes]
    timestamp: int
    lag_ticks: int


@dataclass(frozen=True, slots=True)
class ViewerStats:
    """What one viewer got.

    Attributes:
        packets: sent, without retransmissions.
        payload_bytes: of those.
        packets_lost_here: could not be sent because its connection or the socket was full.
        frames_lost_here: access units with such packets.
        retransmitted: packets sent again.
        not_retransmitted: asked for, but gone from the ring or over the budget.
        keyframe_requests: of this viewer.
        fraction_lost: 0 to 1, worst track, from its last receiver report.
        round_trip_ms: from its last receiver report, None before.
    """

    packets: int
    payload_bytes: int
    packets_lost_here: int
    frames_lost_here: int
    retransmitted: int
    not_retransmitted: int
    keyframe_requests: int
    fraction_lost: float
    round_trip_ms: float | None


class _Outbound:
    """One track to one viewer."""

    __slots__ = (
        "fraction_lost",
        "header",
        "lag_ticks",
        "octets",
        "offset",
        "packets",
        "plan",
        "report_ns",
        "ring",
        "rtx_header",
        "rtx_sequence",
        "sequence",
        "ssrc",
        "started",
    )

    def __init__(self, plan: TrackPlan) -> None:
        self.plan = plan
        self.ssrc = plan.ssrc if plan.ssrc is not None else secrets.randbits(32)
        extensions = {plan.mid_extension: plan.mid.encode()} if plan.mid_extension else {}
        self.header = HeaderWriter(plan.payload_type, self.ssrc, extensions)
        self.rtx_header: HeaderWriter | None = None
        if plan.rtx_payload_type is not None and plan.rtx_ssrc is not None:
            self.rtx_header = HeaderWriter(plan.rtx_payload_type, plan.rtx_ssrc, extensions)
        self.sequence = secrets.randbits(15)  # the lower half: SRTP counts wraps from 0 (RFC 3711 3.3.1)
        self.rtx_sequence = secrets.randbits(15)
        self.offset = secrets.randbits(32)
        self.ring: list[tuple[int, int, bool, bytes] | None] = [None] * RING_PACKETS
        self.packets = 0
        self.octets = 0
        self.lag_ticks = 0
        self.report_ns = 0
        self.started = plan.track is Track.AUDIO
        self.fraction_lost = 0

    def write(self, outgoing: OutgoingUnit) -> list[tuple[bytes, bytes]]:
        """Headers and payloads of one access unit; they are in the ring from now on."""
        timestamp = (outgoing.timestamp + self.offset) & 0xFFFFFFFF
        last = len(outgoing.payloads) - 1 if self.plan.track is Track.VIDEO else -1
        sequence, ring, header = self.sequence, self.ring, self.header.header
        packets = []
        for index, payload in enumerate(outgoing.payloads):
            marker = index == last
            ring[sequence % RING_PACKETS] = (sequence, timestamp, marker, payload)
            packets.append((header(sequence, timestamp, marker=marker), payload))
            self.octets += len(payload)
            sequence = sequence + 1 & 0xFFFF
        self.sequence = sequence
        self.packets += len(packets)
        self.lag_ticks = outgoing.lag_ticks
        return packets

    def retransmission(self, sequence: int) -> tuple[bytes, bytes] | None:
        """A packet again, None if it is gone; without RTX the same packet."""
        kept = self.ring[sequence % RING_PACKETS]
        if kept is None or kept[0] != sequence:
            return None
        _, timestamp, marker, payload = kept
        if self.rtx_header is None:
            return self.header.header(sequence, timestamp, marker=marker), payload
        header = self.rtx_header.header(self.rtx_sequence, timestamp, marker=marker)
        self.rtx_sequence = self.rtx_sequence + 1 & 0xFFFF
        return header, rtx_payload(sequence, payload)

    def sender_report(self, now_ns: int) -> SenderReport:
        """Maps the node's clock to RTP time."""
        ticks = now_ns * self.plan.clock_rate // NS_PER_S + self.lag_ticks + self.offset
        return SenderReport(self.ssrc, unix_ns_to_ntp(now_ns), ticks & 0xFFFFFFFF, self.packets, self.octets)


class ViewerSession:
    """The `ingest.transport.MediaSink` of one viewer.

    Args:
        plans: one per negotiated track.
        transport: where media goes.
        clock: the node's.
        on_keyframe_wanted: called when this viewer needs a keyframe; at most twice a second.
        on_codec_changed: called once when the publisher's codec is not the negotiated one any more; the viewer gets no
            more of that track and should be closed.
    """

    def __init__(
        self,
        plans: Sequence[TrackPlan],
        transport: MediaTransport,
        clock: Clock,
        on_keyframe_wanted: Callable[[], None],
        *,
        on_codec_changed: Callable[[Codec], None] | None = None,
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._on_keyframe_wanted = on_keyframe_wanted
        self._on_codec_changed = on_codec_changed
        self._cname = secrets.token_hex(_CNAME_BYTES).encode()
        self._tracks = {plan.track: _Outbound(plan) for plan in plans}
        self._keyframes = KeyframeRequests()
        self._budget = (0, RTX_BURST * NS_PER_S)  # when, packets times 1e9
        self._lost = self._frames_lost = 0
        self._retransmitted = self._not_retransmitted = self._asked = 0
        self._round_trip_ms: float | None = None

    def plays(self, codec: Codec) -> bool:
        """Whether a track with this codec was negotiated."""
        return any(track.plan.codec is codec for track in self._tracks.values())

    def join(self) -> None:
        """The viewer can receive from now on: ask for the keyframe it starts with."""
        if Track.VIDEO in self._tracks:
            self._want_keyframe(self._clock.now_ns())

    def push(self, outgoing: OutgoingUnit) -> int:
        """Send one access unit.

        Returns:
            How many of its packets were lost here.
        """
        unit = outgoing.unit
        track = self._tracks.get(unit.track)
        if track is None:
            return 0
        if unit.codec is not track.plan.codec:
            self._codec_changed(unit.codec)
            return 0
        now_ns = self._clock.now_ns()
        if unit.track is Track.VIDEO:
            if unit.key:
                self._keyframes.arrived()
                track.started = True
            elif not track.started:
                self._want_keyframe(now_ns)
                return 0
        packets = track.write(outgoing)
        lost = self._transport.send_rtp(packets)
        if lost:
            self._lost += lost
            self._frames_lost += 1
        if now_ns - track.report_ns >= REPORT_NS:
            track.report_ns = now_ns
            report = print_sender_report(track.sender_report(now_ns))
            self._transport.send_rtcp(report + print_cname(track.ssrc, self._cname))
        return lost

    def _codec_changed(self, codec: Codec) -> None:
        if self._on_codec_changed is not None:
            on_codec_changed, self._on_codec_changed = self._on_codec_changed, None
            on_codec_changed(codec)

    def _want_keyframe(self, now_ns: int) -> None:
        self._keyframes.want()
        if self._keyframes.due(now_ns):
            self._asked += 1
            self._on_keyframe_wanted()

    def on_rtp(self, packet: bytes, arrival_ns: int) -> None:
        """See `MediaSink`; a viewer sends none, so it is ignored."""

    def on_rtcp(self, packet: bytes, arrival_ns: int) -> None:
        """See `MediaSink`."""
        try:
            messages = parse_rtcp(packet)
        except Malformed:
            return
        for message in messages:
            if isinstance(message, Nack):
                self._on_nack(message, arrival_ns)
            elif isinstance(message, KeyframeRequest):
                self._on_keyframe_request(message, arrival_ns)
            elif isinstance(message, ReportBlock):
                self._on_report_block(message, arrival_ns)

    def _on_nack(self, nack: Nack, now_ns: int) -> None:
        track = next((track for track in self._tracks.values() if track.ssrc == nack.media_ssrc), None)
        if track is None:
            return
        packets = []
        for sequence in nack.sequences:
            packet = track.retransmission(sequence) if self._spend(now_ns) else None
            if packet is None:
                self._not_retransmitted += 1
            else:
                packets.append(packet)
        if packets:
            self._retransmitted += len(packets) - self._transport.send_rtp(packets)

    def _spend(self, now_ns: int) -> bool:
        """Take one retransmission from the budget, if it has one."""
        at_ns, left = self._budget
        left = min(left + max(now_ns - at_ns, 0) * RTX_PER_S, RTX_BURST * NS_PER_S)
        enough = left >= NS_PER_S
        self._budget = (now_ns, left - NS_PER_S if enough else left)
        return enough

    def _on_keyframe_request(self, request: KeyframeRequest, now_ns: int) -> None:
        video = self._tracks.get(Track.VIDEO)
        if video is not None and request.media_ssrc == video.ssrc:
            self._want_keyframe(now_ns)

    def _on_report_block(self, block: ReportBlock, now_ns: int) -> None:
        for track in self._tracks.values():
            if track.ssrc == block.ssrc:
                track.fraction_lost = block.fraction_lost
                if block.last_report:
                    now = unix_ns_to_ntp(now_ns) >> 16
                    passed = (now - block.last_report - block.delay + 0x80000000 & 0xFFFFFFFF) - 0x80000000
                    self._round_trip_ms = max(passed, 0) * _NS_PER_NTP_TICK / 1e6

    def say_goodbye(self) -> None:
        """Tell the viewer that the stream is over (RFC 3550 6.6)."""
        if self._tracks:
            ssrcs = [track.ssrc for track in self._tracks.values()]
            self._transport.send_rtcp(print_goodbye(ssrcs) + print_cname(ssrcs[0], self._cname))

    def stats(self) -> ViewerStats:
        """What is known now."""
        tracks = self._tracks.values()
        return ViewerStats(
            packets=sum(track.packets for track in tracks),
            payload_bytes=sum(track.octets for track in tracks),
            packets_lost_here=self._lost,
            frames_lost_here=self._frames_lost,
            retransmitted=self._retransmitted,
            not_retransmitted=self._not_retransmitted,
            keyframe_requests=self._asked,
            fraction_lost=max((track.fraction_lost for track in tracks), default=0) / 256,
            round_trip_ms=self._round_trip_ms,
        )
