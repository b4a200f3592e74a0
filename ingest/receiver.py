"""Edge: one publisher's media: RTP and RTCP in, access units out, feedback back to the publisher."""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.clock import NS_PER_S, Clock, unix_ns_to_ntp
from ingest import metrics
from ingest.clock import CaptureClock, ClockFacts
from ingest.congestion import INTERVAL_NS, TransportFeedback
from ingest.inbound import InboundTrack, TrackStats
from ingest.nack import unwrap_rtx
from ingest.rtcp import (
    Goodbye,
    ReferenceTimeEcho,
    SenderReport,
    parse_rtcp,
    print_cname,
    print_nack,
    print_pli,
    print_receiver_report,
    print_reference_time,
)
from ingest.rtp import Malformed, RtpPacket, parse_rtp
from ingest.tracks import TrackPlan
from ingest.transport import MediaTransport
from transcoder.access_unit import AccessUnit

TICK_S = 0.015  # well under a NACK retry
REPORT_NS = NS_PER_S
MAX_PACKETS_PER_S = 12_000  # 100 Mbit/s; far over any encoder, far under what stalls the loop
_CNAME_BYTES = 8
_NTP_TICKS_PER_MS = 65.536  # of the middle 32 bits
_MAX_ROUND_TRIP_MS = 10_000  # an answer that says more answers something else


@dataclass(frozen=True, slots=True)
class ReceiverStats:
    """What a publisher sends and how well it comes.

    Attributes:
        tracks: one entry per negotiated track.
        clock: how capture times are found.
        malformed: packets that were not RTP or RTCP, or of no negotiated track.
        over_limit: packets dropped because of the packet rate.
        round_trip_ms: to the publisher and back, None if it does not answer (RFC 3611 4.5).
    """

    tracks: tuple[TrackStats, ...]
    clock: ClockFacts
    malformed: int
    over_limit: int
    round_trip_ms: float | None


class Receiver:
    """The `ingest.transport.MediaSink` of one publisher.

    Args:
        plans: one per negotiated track.
        transport: where feedback goes.
        clock: the node's.
        on_unit: called with every access unit, each track in order; must not block.
        on_bye: called once when the publisher said goodbye on all of its tracks.
        stream: label of the metrics.
    """

    def __init__(
        self,
        plans: Sequence[TrackPlan],
        transport: MediaTransport,
        clock: Clock,
        on_unit: Callable[[AccessUnit], None],
        *,
        on_bye: Callable[[], None] | None = None,
        stream: str = "",
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._on_unit = on_unit
        self._on_bye = on_bye
        self._stream = stream
        self._ssrc = secrets.randbits(32)
        self._cname = secrets.token_hex(_CNAME_BYTES).encode()
        self._capture_clock = CaptureClock({plan.track: plan.clock_rate for plan in plans})
        self._tracks = [InboundTrack(plan, self._capture_clock) for plan in plans]
        self._feedback = TransportFeedback(self._ssrc)
        self._feedback_ns = self._report_ns = 0
        self._window = (0, 0)  # begin, packets
        self._malformed = self._over_limit = 0
        self._round_trip_ms: float | None = None
        self._published: dict[InboundTrack, TrackStats] = {}

    def on_rtp(self, packet: bytes, arrival_ns: int) -> None:
        """See `MediaSink`."""
        if self._exceeds_rate(arrival_ns):
            return
        try:
            parsed = parse_rtp(packet)
        except Malformed:
            self._malformed += 1
            return
        track = self._track_of(parsed)
        if track is None:
            self._malformed += 1
        elif self._take(track, parsed, arrival_ns):
            self._acknowledge(track.plan, parsed, arrival_ns)
            self._deliver(track, arrival_ns)

    def _exceeds_rate(self, now_ns: int) -> bool:
        begin_ns, packets = self._window
        if now_ns - begin_ns >= NS_PER_S:
            begin_ns, packets = now_ns, 0
        self._window = (begin_ns, packets + 1)
        if packets < MAX_PACKETS_PER_S:
            return False
        self._over_limit += 1
        return True

    def _track_of(self, packet: RtpPacket) -> InboundTrack | None:
        """By payload type; where two sections share one, by MID, then by SSRC (RFC 8843 9.2)."""
        wanted = packet.payload_type
        tracks = [each for each in self._tracks if wanted in (each.plan.payload_type, each.plan.rtx_payload_type)]
        if len(tracks) <= 1:
            return tracks[0] if tracks else None
        for track in tracks:
            plan = track.plan
            if plan.mid_extension and packet.extensions.get(plan.mid_extension) == plan.mid.encode():
                return track
        return next((each for each in tracks if packet.ssrc in (each.ssrc, each.plan.rtx_ssrc)), None)

    @staticmethod
    def _take(track: InboundTrack, packet: RtpPacket, arrival_ns: int) -> bool:
        """Hand a packet to its track; False if it must not be acknowledged."""
        if packet.payload_type == track.plan.payload_type:
            return track.on_packet(packet, arrival_ns, repaired=False)
        if track.ssrc is None:
            return False
        original = unwrap_rtx(packet, track.plan.payload_type, track.ssrc)
        return original is None or track.on_packet(original, arrival_ns, repaired=True)

    def _acknowledge(self, plan: TrackPlan, packet: RtpPacket, arrival_ns: int) -> None:
        if plan.transport_cc and plan.twcc_extension:
            number = packet.extensions.get(plan.twcc_extension)
            if number is not None and len(number) >= 2:  # noqa: PLR2004 - 16 bits; the second version adds fields
                self._feedback.record(int.from_bytes(number[:2]), arrival_ns)

    def _deliver(self, track: InboundTrack, now_ns: int) -> None:
        for unit in track.access_units(now_ns):
            self._on_unit(unit)
        missing = track.missing(now_ns)
        if missing and track.ssrc is not None:
            self._transport.send_rtcp(print_nack(self._ssrc, track.ssrc, missing))
        self._ask_keyframe(track, now_ns)

    def _ask_keyframe(self, track: InboundTrack, now_ns: int) -> None:
        if track.keyframe_due(now_ns) and track.ssrc is not None:
            self._transport.send_rtcp(print_pli(self._ssrc, track.ssrc))

    def on_rtcp(self, packet: bytes, arrival_ns: int) -> None:
        """See `MediaSink`."""
        if self._exceeds_rate(arrival_ns):
            return
        try:
            messages = parse_rtcp(packet)
        except Malformed:
            self._malformed += 1
            return
        for message in messages:
            if isinstance(message, SenderReport):
                for track in self._tracks:
                    track.on_sender_report(message, arrival_ns)
            elif isinstance(message, Goodbye):
                self._on_goodbye(message)
            elif isinstance(message, ReferenceTimeEcho) and message.ssrc == self._ssrc:
                self._on_echo(message, arrival_ns)

    def _on_echo(self, echo: ReferenceTimeEcho, arrival_ns: int) -> None:
        now = unix_ns_to_ntp(arrival_ns) >> 16
        round_trip_ms = ((now - echo.reference - echo.delay) & 0xFFFFFFFF) / _NTP_TICKS_PER_MS
        if echo.reference and round_trip_ms < _MAX_ROUND_TRIP_MS:
            self._round_trip_ms = round_trip_ms

    def _on_goodbye(self, message: Goodbye) -> None:
        for track in self._tracks:
            track.on_goodbye(message.ssrcs)
        heard = [track for track in self._tracks if track.ssrc is not None]
        if self._on_bye is not None and heard and all(track.ended for track in heard):
            on_bye, self._on_bye = self._on_bye, None
            on_bye()

    def request_keyframe(self) -> None:
        """A viewer or a segment needs a keyframe; many wishes become few requests."""
        now_ns = self._clock.now_ns()
        for track in self._tracks:
            track.want_keyframe()
            self._ask_keyframe(track, now_ns)

    async def run(self) -> None:
        """Everything that is due by time, until cancelled."""
        while True:
            self.tick(self._clock.now_ns())
            await asyncio.sleep(TICK_S)

    def tick(self, now_ns: int) -> None:
        """What is due now: skipped holes, repeated requests, congestion feedback, reports."""
        for track in self._tracks:
            self._deliver(track, now_ns)
        if now_ns - self._feedback_ns >= INTERVAL_NS:
            self._feedback_ns = now_ns
            media_ssrc = next((track.ssrc for track in self._tracks if track.ssrc is not None), 0)
            for packet in self._feedback.feedback(now_ns, media_ssrc):
                self._transport.send_rtcp(packet)
        if now_ns - self._report_ns >= REPORT_NS:
            self._report_ns = now_ns
            self._report(now_ns)

    def _report(self, now_ns: int) -> None:
        blocks = [block for track in self._tracks if (block := track.report_block(now_ns)) is not None]
        if blocks:
            report = print_receiver_report(self._ssrc, blocks)
            reference = print_reference_time(self._ssrc, unix_ns_to_ntp(now_ns))
            self._transport.send_rtcp(report + print_cname(self._ssrc, self._cname) + reference)
        for track in self._tracks:
            self._publish(track, track.stats(now_ns))

    def _publish(self, track: InboundTrack, stats: TrackStats) -> None:
        """What was counted since the last time, as metrics."""
        labels = (self._stream, stats.track.name.lower())
        before = self._published.get(track)
        self._published[track] = stats
        for counter, name in metrics.TRACK_COUNTERS.items():
            grown = getattr(stats, name) - (getattr(before, name) if before else 0)
            if grown > 0:
                counter.labels(*labels).inc(grown)
        metrics.BITRATE.labels(*labels).set(stats.bitrate_bps)
        metrics.JITTER.labels(*labels).set(stats.jitter_ms / 1000)

    def stats(self) -> ReceiverStats:
        """What is known now."""
        now_ns = self._clock.now_ns()
        tracks = tuple(track.stats(now_ns) for track in self._tracks)
        facts = self._capture_clock.facts()
        return ReceiverStats(tracks, facts, self._malformed, self._over_limit, self._round_trip_ms)
