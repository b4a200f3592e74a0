"""Pure: one track of a publisher, from RTP packets to access units: order, repair, pictures, capture time.

Theory of operation. A track listens to one source (SSRC) at a time. Another one takes over when the current one said
goodbye or was silent for `SOURCE_SILENT_NS`; that is how a sender that starts anew comes through, while a second layer
nobody asked for does not. Within a source, a sequence number that is far off is believed when the next packet follows
on it (RFC 3550 A.1).

Packets are put in order (`ingest.reorder`), gaps asked for (`ingest.nack`), pictures collected (`ingest.depacketize`)
and dated (`ingest.clock`). Once a video packet is lost for good nothing behind it can be decoded: pictures are dropped
until the next keyframe, which is asked for (`ingest.keyframes`). Sound goes on: an audio packet waits for a missing one
only `AUDIO_WAIT_NS`.
"""

from dataclasses import dataclass

from infra.clock import NS_PER_S
from ingest.clock import CaptureClock
from ingest.depacketize import CodedFrame, depacketizer_of
from ingest.keyframes import KeyframeRequests
from ingest.nack import GIVE_UP_NS, NackQueue
from ingest.reception import Reception
from ingest.reorder import Ordered, ReorderBuffer
from ingest.rtcp import ReportBlock, SenderReport
from ingest.rtp import Malformed, RtpPacket
from ingest.serial import SerialExtender
from ingest.tracks import TrackPlan
from transcoder.access_unit import AccessUnit, Codec, Track

AUDIO_WAIT_NS = 60_000_000  # three Opus packets: what a retransmission on a near path needs
VIDEO_WAIT_NS = GIVE_UP_NS  # with retransmission
REORDER_WAIT_NS = 100_000_000  # video of a sender that does not retransmit
MAX_HELD_PACKETS = 2048
START_NS = 300_000_000  # a new source that has shown no keyframe for this long is asked for one
SOURCE_SILENT_NS = NS_PER_S // 2
MAX_DROPOUT = 3000  # sequence numbers ahead, RFC 3550 A.1
MAX_MISORDER = 1500  # behind: half a second of retransmissions at 25 Mbit/s
_RATES_NS = NS_PER_S  # bit and frame rate are measured over this


@dataclass(frozen=True, slots=True)
class TrackStats:
    """One track of a publisher.

    Attributes:
        ssrc: current source, None before the first packet.
        width: of the pictures in pixels, None if unknown or audio.
        height: same.
        frame_rate: access units a second, over the last second.
        bitrate_bps: payload and headers, over the last second.
        packets: originals received.
        lost: originals that did not come.
        repaired: retransmissions that filled a gap.
        refused: duplicates, packets too late, of another source, or malformed.
        nacks: packets asked for again.
        keyframe_requests: sent.
        frames: access units handed on.
        frames_dropped: complete pictures that could not be decoded because of an earlier loss.
        keyframes: among the frames.
        jitter_ms: interarrival jitter.
        round_trip_ms: from NACK to retransmission.
    """

    track: Track
    codec: Codec
    ssrc: int | None
    width: int | None
    height: int | None
    frame_rate: float
    bitrate_bps: int
    packets: int
    lost: int
    repaired: int
    refused: int
    nacks: int
    keyframe_requests: int
    frames: int
    frames_dropped: int
    keyframes: int
    jitter_ms: float
    round_trip_ms: float


class _Source:
    """What belongs to one SSRC and is lost with it."""

    __slots__ = ("extender", "last_ns", "lost", "nacks", "odd_sequence", "reception", "reorder", "since_ns")

    def __init__(self, ssrc: int, plan: TrackPlan, now_ns: int) -> None:
        video_wait_ns = VIDEO_WAIT_NS if plan.nack else REORDER_WAIT_NS
        wait_ns = video_wait_ns if plan.track is Track.VIDEO else AUDIO_WAIT_NS
        self.extender = SerialExtender(16)
        self.reorder: ReorderBuffer[RtpPacket] = ReorderBuffer(wait_ns, MAX_HELD_PACKETS)
        self.nacks = NackQueue(wait_ns)
        self.reception = Reception(ssrc, plan.clock_rate)
        self.since_ns = self.last_ns = now_ns
        self.lost = 1  # packets lost since the last payload; what came before us is as good as lost
        self.odd_sequence: int | None = None


class InboundTrack:
    """See the module's theory of operation.

    Args:
        plan: what was negotiated.
        clock: shared by the tracks of the publisher.
    """

    def __init__(self, plan: TrackPlan, clock: CaptureClock) -> None:
        self.plan = plan
        self.ended = False
        self._clock = clock
        self._depacketizer = depacketizer_of(plan.codec)
        self._keyframes = KeyframeRequests()
        self._source: _Source | None = None
        self._waits_for_key = plan.track is Track.VIDEO
        self._arrival_ns = 0  # of the latest packet that was handed out in order
        self._begun: tuple[int, int] | None = None  # RTP time of the newest picture, arrival of its first packet
        self._begun_before: tuple[int, int] | None = None  # of the one before: it may end with the newest one's packet
        self._size: tuple[int, int] | None = None
        self._packets_before = self._lost_before = 0  # of earlier sources
        self._repaired = self._refused = self._nacked = self._asked = 0
        self._frames = self._keys = self._dropped = self._bytes = 0
        self._measured = (0, 0, 0)  # when, bytes, frames
        self._rates = (0, 0.0)  # bit/s, frames/s

    @property
    def ssrc(self) -> int | None:
        """Of the current source; the announced one before the first packet."""
        return self.plan.ssrc if self._source is None else self._source.reception.ssrc

    def on_packet(self, packet: RtpPacket, arrival_ns: int, *, repaired: bool) -> bool:
        """Take one packet, retransmissions unwrapped.

        Returns:
            False if it was dropped although it may be new: it must not be acknowledged.
        """
        source = self._source_of(packet, arrival_ns, repaired=repaired)
        if source is None:
            self._refused += 1
            return False
        self._bytes += len(packet.payload)
        sequence = source.extender.extend(packet.sequence)
        source.nacks.seen(sequence, arrival_ns)
        if not repaired:
            source.last_ns = arrival_ns
            source.reception.on_packet(sequence, packet.timestamp, arrival_ns)
        if source.reorder.push(sequence, packet, arrival_ns):
            self._repaired += repaired
        else:  # Chromium probes for bandwidth with retransmissions nobody asked for; they are no fault
            self._refused += not repaired
        return True

    def _source_of(self, packet: RtpPacket, arrival_ns: int, *, repaired: bool) -> _Source | None:
        source = self._source
        if source is None or source.reception.ssrc != packet.ssrc:
            busy = source is not None and not self.ended and arrival_ns - source.last_ns < SOURCE_SILENT_NS
            if repaired or busy:
                return None
            return self._begin_source(packet.ssrc, arrival_ns)
        if -MAX_MISORDER <= source.extender.distance(packet.sequence) <= MAX_DROPOUT:
            source.odd_sequence = None
            return source
        if repaired or source.odd_sequence != packet.sequence:
            source.odd_sequence = packet.sequence + 1 & 0xFFFF if not repaired else source.odd_sequence
            return None
        return self._begin_source(packet.ssrc, arrival_ns)

    def _begin_source(self, ssrc: int, now_ns: int) -> _Source:
        if self._source is not None:
            self._packets_before += self._source.reception.received
            self._lost_before += self._source.reception.lost
            self._clock.forget(self.plan.track)
            self._lose()
        self._depacketizer = depacketizer_of(self.plan.codec)
        self._source = _Source(ssrc, self.plan, now_ns)
        self.ended = False
        return self._source

    def access_units(self, now_ns: int) -> list[AccessUnit]:
        """What is complete now, in order."""
        source = self._source
        if source is None:
            return []
        units = [unit for ordered in source.reorder.pop(now_ns) for unit in self._collect(source, ordered)]
        source.nacks.forget_below(source.reorder.next_sequence or 0)
        return units

    def _collect(self, source: _Source, ordered: Ordered[RtpPacket]) -> list[AccessUnit]:
        self._arrival_ns = max(self._arrival_ns, ordered.arrival_ns)
        if ordered.lost_before:
            self._lose()
        source.lost += ordered.lost_before
        if not ordered.item.payload:  # a bandwidth probe; a loss before it is a loss before the next payload
            return []
        self._note_first(ordered.item.timestamp, ordered.arrival_ns)
        lost_before, source.lost = source.lost, 0
        try:
            frames = self._depacketizer.push(ordered.item, lost_before)
        except Malformed:
            self._refused += 1
            self._lose()
            return []
        return [unit for frame in frames if (unit := self._admit(frame)) is not None]

    def _note_first(self, timestamp: int, arrival_ns: int) -> None:
        if self._begun is not None and self._begun[0] == timestamp:
            self._begun = (timestamp, min(self._begun[1], arrival_ns))
        else:
            self._begun, self._begun_before = (timestamp, arrival_ns), self._begun

    def _first_arrival_ns(self, timestamp: int) -> int:
        """Of the packets of a picture that is whole now; 0 if none is remembered."""
        known = (self._begun, self._begun_before)
        return next((begun[1] for begun in known if begun is not None and begun[0] == timestamp), 0)

    def _lose(self) -> None:
        """A packet is lost for good."""
        if self.plan.track is Track.VIDEO:
            self._waits_for_key = True
            self._keyframes.want()

    def _admit(self, frame: CodedFrame) -> AccessUnit | None:
        if self.plan.track is Track.VIDEO and frame.key:
            self._waits_for_key = False
            self._keyframes.arrived()
        if self._waits_for_key:
            self._keyframes.want()
            self._dropped += 1
            return None
        self._frames += 1
        self._keys += frame.key
        self._size = frame.size or self._size
        track, codec = self.plan.track, self.plan.codec
        capture_ns = self._clock.capture_ns(track, frame.timestamp, self._arrival_ns)
        arrivals = (self._arrival_ns, self._first_arrival_ns(frame.timestamp))
        return AccessUnit(track, codec, frame.key, frame.payload, frame.timestamp, capture_ns, *arrivals)

    def missing(self, now_ns: int) -> list[int]:
        """Unwrapped sequence numbers to ask for now; they count as asked for."""
        if self._source is None or not self.plan.nack:
            return []
        due = self._source.nacks.due(now_ns)
        self._nacked += len(due)
        return due

    def want_keyframe(self) -> None:
        """Someone downstream needs a keyframe."""
        if self.plan.track is Track.VIDEO:
            self._keyframes.want()

    def keyframe_due(self, now_ns: int) -> bool:
        """Whether to ask the publisher now; if so it counts as asked."""
        if self._source is None or not self.plan.pli:
            return False
        if self._waits_for_key and now_ns - self._source.since_ns >= START_NS:
            self._keyframes.want()
        if not self._keyframes.due(now_ns):
            return False
        self._asked += 1
        return True

    def on_sender_report(self, report: SenderReport, arrival_ns: int) -> None:
        """A report of any source; others than the current one are ignored."""
        if self._source is not None and self._source.reception.ssrc == report.ssrc:
            self._source.reception.on_sender_report(report.ntp, arrival_ns)
            self._clock.on_sender_report(self.plan.track, report.ntp, report.rtp_timestamp, arrival_ns)

    def on_goodbye(self, ssrcs: tuple[int, ...]) -> None:
        """Sources left."""
        if self._source is not None and self._source.reception.ssrc in ssrcs:
            self.ended = True

    def report_block(self, now_ns: int) -> ReportBlock | None:
        """For the next receiver report; None before the first packet."""
        return None if self._source is None else self._source.reception.report_block(now_ns)

    def stats(self, now_ns: int) -> TrackStats:
        """Counts since the start; rates are measured anew when a second has passed."""
        since_ns, bytes_before, frames_before = self._measured
        if now_ns - since_ns >= _RATES_NS:
            passed_ns = now_ns - since_ns
            bits = (self._bytes - bytes_before) * 8 * NS_PER_S // passed_ns
            self._rates = (bits, (self._frames - frames_before) * NS_PER_S / passed_ns) if since_ns else (0, 0.0)
            self._measured = (now_ns, self._bytes, self._frames)
        source = self._source
        return TrackStats(
            track=self.plan.track,
            codec=self.plan.codec,
            ssrc=self.ssrc,
            width=self._size[0] if self._size else None,
            height=self._size[1] if self._size else None,
            frame_rate=self._rates[1],
            bitrate_bps=self._rates[0],
            packets=self._packets_before + (source.reception.received if source else 0),
            lost=self._lost_before + (source.reception.lost if source else 0),
            repaired=self._repaired,
            refused=self._refused,
            nacks=self._nacked,
            keyframe_requests=self._asked,
            frames=self._frames,
            frames_dropped=self._dropped,
            keyframes=self._keys,
            jitter_ms=source.reception.jitter_ms if source else 0.0,
            round_trip_ms=source.nacks.round_trip_ns / 1e6 if source else 0.0,
        )
