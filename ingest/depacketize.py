"""Pure: RTP payloads back to coded pictures and audio packets: H.264 (RFC 6184), VP8 (RFC 7741), Opus (RFC 7587).

Theory of operation. Packets come in order with the number of packets lost before each. A picture is complete at the
marker bit, or, for senders that set none, when the timestamp changes. A loss breaks the picture it falls into: the one
that was being collected, and the next one unless its packet shows that it is a beginning. A broken picture is dropped
whole; whether decoding can go on behind it is the caller's question (`ingest.inbound`), not this module's.

Malformed packets break the picture they are part of and raise; the machine stays usable.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from ingest.rtp import Malformed, RtpPacket
from ingest.sps import picture_size
from transcoder.access_unit import MAX_PAYLOAD_BYTES, Codec

MAX_PICTURE_BYTES = MAX_PAYLOAD_BYTES // 2  # leaves room for parameter sets
START_CODE = b"\0\0\0\1"
MAX_OPUS_BYTES = 1275  # RFC 6716 3.2.1; a few senders could pack several such frames, none does

_SLICES = range(1, 6)  # NAL unit types that carry picture data (ITU-T H.264 table 7-1)
_IDR, _SEI, _SPS, _PPS, _DELIMITER = 5, 6, 7, 8, 9
_STAP_A, _FU_A = 24, 28  # RFC 6184 table 1
_SINGLE = range(1, 24)
_FU_START, _FU_END = 0x80, 0x40
_MAX_PARAMETER_SETS = 8  # remembered; real senders have one pair
_GOLOMB_ZEROS_MAX = 15
_VP8_KEY_START = b"\x9d\x01\x2a"  # RFC 6386 9.1
_VP8_KEY_HEAD_BYTES = 10


@dataclass(frozen=True, slots=True)
class CodedFrame:
    """One picture or audio packet.

    Attributes:
        payload: as `transcoder.access_unit.Codec` says.
        key: decoding can start here.
        timestamp: RTP, 32 bits.
        size: width and height in pixels, told by keyframes; else None.
    """

    payload: bytes
    key: bool
    timestamp: int
    size: tuple[int, int] | None = None


class Depacketizer(Protocol):
    """Collects one track."""

    def push(self, packet: RtpPacket, lost_before: int) -> list[CodedFrame]:
        """Take the next packet in order, its payload not empty; what is complete now, at most two.

        Raises:
            Malformed: the payload is not what the codec's format allows.
        """
        ...


def depacketizer_of(codec: Codec) -> Depacketizer:
    """A fresh depacketizer."""
    if codec is Codec.H264:
        return H264Depacketizer()
    if codec is Codec.VP8:
        return Vp8Depacketizer()
    return OpusDepacketizer()


class OpusDepacketizer:
    """A packet is a frame (RFC 7587 4.2)."""

    __slots__ = ()

    def push(self, packet: RtpPacket, lost_before: int) -> list[CodedFrame]:  # noqa: ARG002 - packets stand alone
        """See `Depacketizer`."""
        if len(packet.payload) > MAX_OPUS_BYTES:
            raise Malformed(f"Opus packet of {len(packet.payload)} bytes refused: at most {MAX_OPUS_BYTES}")
        return [CodedFrame(packet.payload, key=True, timestamp=packet.timestamp)]


class _Picture:
    """What both video formats share: the picture that is being collected."""

    __slots__ = ("broken", "open", "parts", "size_bytes", "timestamp")

    def __init__(self) -> None:
        self.open = False
        self.broken = False
        self.timestamp = 0
        self.parts: list[bytes] = []
        self.size_bytes = 0

    def begin(self, timestamp: int, *, broken: bool) -> None:
        self.open = True
        self.broken = broken
        self.timestamp = timestamp
        self.parts = []
        self.size_bytes = 0

    def add(self, part: bytes) -> None:
        self.size_bytes += len(part)
        if self.size_bytes > MAX_PICTURE_BYTES:
            self.parts.clear()
            self.broken = True
            raise Malformed(f"picture refused: larger than {MAX_PICTURE_BYTES} bytes")
        self.parts.append(part)


class Vp8Depacketizer:
    """VP8 (RFC 7741)."""

    __slots__ = ("_picture",)

    def __init__(self) -> None:
        self._picture = _Picture()

    def push(self, packet: RtpPacket, lost_before: int) -> list[CodedFrame]:
        """See `Depacketizer`."""
        picture = self._picture
        frames: list[CodedFrame] = []
        if picture.open and (lost_before or packet.timestamp != picture.timestamp):
            picture.broken = picture.broken or lost_before > 0
            if packet.timestamp != picture.timestamp:
                frames += self._finish()
        try:
            begins, data = parse_vp8_payload(packet.payload)
            if not picture.open:
                picture.begin(packet.timestamp, broken=not begins)
            elif begins:
                picture.broken = True  # a second beginning with the same timestamp: the rest of the first is missing
            picture.add(data)
        except Malformed:
            picture.begin(packet.timestamp, broken=True)
            raise
        if packet.marker:
            frames += self._finish()
        return frames

    def _finish(self) -> list[CodedFrame]:
        picture = self._picture
        picture.open = False
        if picture.broken:
            return []
        payload = b"".join(picture.parts)
        key = payload[0] & 1 == 0  # RFC 6386 9.1
        if not key:
            return [CodedFrame(payload, key=False, timestamp=picture.timestamp)]
        if len(payload) < _VP8_KEY_HEAD_BYTES or payload[3:6] != _VP8_KEY_START:
            return []
        width, height = struct.unpack_from("<HH", payload, 6)
        return [CodedFrame(payload, True, picture.timestamp, (width & 0x3FFF, height & 0x3FFF))]


def parse_vp8_payload(payload: bytes) -> tuple[bool, bytes]:
    """Whether a frame begins here, and the piece of the frame (RFC 7741 4.2).

    Raises:
        Malformed: the descriptor is longer than the payload, or nothing follows it.
    """
    first = payload[0]
    at = 1
    if first & 0x80:
        extension = payload[1] if len(payload) > 1 else 0
        at += 1
        if extension & 0x80:
            at += 2 if len(payload) > at and payload[at] & 0x80 else 1
        at += 1 if extension & 0x40 else 0
        at += 1 if extension & 0x30 else 0
    if at >= len(payload):
        raise Malformed(f"VP8 payload of {len(payload)} bytes refused: its descriptor takes {at}")
    return first & 0x17 == 0x10, payload[at:]  # noqa: PLR2004 - S set and partition 0


class H264Depacketizer:
    """H.264, packetization modes 0 and 1 (RFC 6184 6.2, 6.3). Parameter sets are remembered for keyframes without."""

    __slots__ = ("_fragment", "_parameter_sets", "_picture", "_size", "_types")

    def __init__(self) -> None:
        self._picture = _Picture()
        self._fragment: bytearray | None = None
        self._types: set[int] = set()
        self._size: tuple[int, int] | None = None
        self._parameter_sets: dict[tuple[int, int], bytes] = {}  # by NAL type and id

    def push(self, packet: RtpPacket, lost_before: int) -> list[CodedFrame]:
        """See `Depacketizer`."""
        picture = self._picture
        frames: list[CodedFrame] = []
        if picture.open:
            picture.broken = picture.broken or lost_before > 0
            if packet.timestamp != picture.timestamp:
                frames += self._finish()
        if not picture.open:
            self._fragment = None
            self._types = set()
            picture.begin(packet.timestamp, broken=lost_before > 0 and not begins_picture(packet.payload))
        try:
            self._collect(packet.payload)
        except Malformed:
            self._fragment = None
            picture.broken = True
            raise
        if packet.marker:
            frames += self._finish()
        return frames

    def _collect(self, payload: bytes) -> None:
        kind = payload[0] & 0x1F
        if kind == _FU_A:
            self._collect_fragment(payload)
            return
        if self._fragment is not None:
            raise Malformed("H.264 fragment refused: the NAL unit it belongs to has no end")
        if kind in _SINGLE:
            self._add(payload)
        elif kind == _STAP_A:
            for nal in split_stap_a(payload):
                self._add(nal)
        else:
            raise Malformed(f"H.264 packet type {kind} refused: allowed are single NAL units, STAP-A and FU-A")

    def _collect_fragment(self, payload: bytes) -> None:
        if len(payload) <= 2:  # noqa: PLR2004 - FU indicator and FU header
            raise Malformed("H.264 fragment refused: it is empty")
        indicator, header = payload[0], payload[1]
        if header & _FU_START:
            if self._fragment is not None:
                raise Malformed("H.264 fragment refused: the NAL unit before it has no end")
            self._fragment = bytearray((indicator & 0xE0 | header & 0x1F,))
        elif self._fragment is None:
            self._picture.broken = True  # its beginning was lost: no fault of the sender
            return
        self._fragment += payload[2:]
        if len(self._fragment) > MAX_PICTURE_BYTES:
            raise Malformed(f"NAL unit refused: larger than {MAX_PICTURE_BYTES} bytes")
        if header & _FU_END:
            nal, self._fragment = bytes(self._fragment), None
            self._add(nal)

    def _add(self, nal: bytes) -> None:
        kind = nal[0] & 0x1F
        if kind not in _SINGLE:
            raise Malformed(f"NAL unit of type {kind} refused: allowed are {_SINGLE[0]} to {_SINGLE[-1]}")
        if kind in (_SPS, _PPS) and len(nal) > 1:
            self._remember(kind, nal)
        self._types.add(kind)
        self._picture.add(START_CODE + nal)

    def _remember(self, kind: int, nal: bytes) -> None:
        key = (kind, exp_golomb(nal[4:] if kind == _SPS else nal[1:]))  # the id (ITU-T H.264 7.3.2.1, 7.3.2.2)
        if key not in self._parameter_sets and len(self._parameter_sets) >= _MAX_PARAMETER_SETS:
            self._parameter_sets.clear()
        if kind == _SPS and self._parameter_sets.get(key) != nal:
            self._size = picture_size(nal) or self._size
        self._parameter_sets[key] = nal

    def _finish(self) -> list[CodedFrame]:
        picture = self._picture
        picture.open = False
        if picture.broken or self._fragment is not None or not self._types.intersection(_SLICES):
            return []  # parameter sets that travel alone are remembered for the next keyframe
        payload = b"".join(picture.parts)
        key = _IDR in self._types
        if key and not {_SPS, _PPS} <= self._types:
            known = sorted(self._parameter_sets.items())  # SPS (7) before PPS (8)
            if not {_SPS, _PPS} <= self._types | {name[0] for name, _ in known}:
                return []  # nobody can decode it
            payload = b"".join(START_CODE + nal for _, nal in known) + payload
        return [CodedFrame(payload, key, picture.timestamp, self._size if key else None)]


def split_stap_a(payload: bytes) -> Iterator[bytes]:
    """The NAL units of an aggregation packet (RFC 6184 5.7.1).

    Raises:
        Malformed: it is empty or a size does not fit.
    """
    at = 1
    if len(payload) == at:
        raise Malformed("H.264 aggregation packet refused: it is empty")
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 2])
        at += 2
        if not 0 < size <= len(payload) - at:
            raise Malformed(f"H.264 aggregation packet refused: a NAL unit of {size} bytes does not fit")
        yield payload[at : at + size]
        at += size


def begins_picture(payload: bytes) -> bool:
    """Whether a picture surely begins with this packet: delimiter, parameter set, SEI, or macroblock 0 of a slice."""
    kind = payload[0] & 0x1F
    if kind == _FU_A:
        return len(payload) > 2 and payload[1] & _FU_START != 0 and payload[2] & 0x80 != 0  # noqa: PLR2004 - FU head
    if kind == _STAP_A:
        payload = payload[3:] or b"\0"
        kind = payload[0] & 0x1F
    if kind in _SLICES:
        return len(payload) > 1 and payload[1] & 0x80 != 0  # first_mb_in_slice, ue(v): 0 is coded as one set bit
    return kind in (_SEI, _SPS, _PPS, _DELIMITER)


def exp_golomb(data: bytes) -> int:
    """The unsigned Exp-Golomb number at the start of the data, -1 if it is longer than 31 bits (ITU-T H.264 9.1)."""
    bits = int.from_bytes(data[:4].ljust(4, b"\0"))
    zeros = 32 - bits.bit_length()
    return (bits >> (31 - 2 * zeros)) - 1 if zeros <= _GOLOMB_ZEROS_MAX else -1
