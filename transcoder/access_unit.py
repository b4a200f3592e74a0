"""Pure: the contract between ingest and transcoder: one encoded access unit, and how it is framed on a byte stream.

A frame is ``length`` (u32, of what follows), then ``track`` ``codec`` ``flags`` (u8 each), ``rtp_timestamp`` (u32),
``capture_ns`` ``arrival_ns`` ``first_arrival_ns`` (i64 each), then the payload. All big-endian.
"""

import enum
import struct
from collections.abc import Iterator
from dataclasses import dataclass

MAX_PAYLOAD_BYTES = 8 << 20  # one access unit; a 4K keyframe at the highest quality stays below 4 MiB
_HEAD = struct.Struct(">IBBBIqqq")
_LENGTH = struct.Struct(">I")
_KEY = 1


class Track(enum.Enum):
    """The kind of a track; a stream has at most one of each."""

    VIDEO = 1
    AUDIO = 2


class Codec(enum.Enum):
    """How the payload is coded."""

    H264 = 1  # payload: Annex B access unit with start codes, parameter sets in-band (ITU-T H.264 Annex B)
    VP8 = 2  # payload: one frame (RFC 6386)
    OPUS = 3  # payload: one packet, 48 kHz (RFC 6716)


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture or audio packet, and when it was captured.

    Attributes:
        track: video or audio.
        codec: how the payload is coded.
        key: decoding can start here (audio: always).
        payload: see `Codec`.
        rtp_timestamp: as received, 32 bits, in the codec's clock rate (video 90 kHz, Opus 48 kHz).
        capture_ns: the publisher's capture instant on the node's clock, Unix nanoseconds; one timeline for both tracks.
        arrival_ns: when its last packet arrived, on the node's clock, Unix nanoseconds.
        first_arrival_ns: when its first packet arrived, same; 0 if that is not known.
    """

    track: Track
    codec: Codec
    key: bool
    payload: bytes
    rtp_timestamp: int
    capture_ns: int
    arrival_ns: int
    first_arrival_ns: int = 0


def frame_access_unit(unit: AccessUnit) -> bytes:
    """The access unit as one frame of the byte stream."""
    length = _HEAD.size - _LENGTH.size + len(unit.payload)
    flags = _KEY if unit.key else 0
    times = (unit.rtp_timestamp, unit.capture_ns, unit.arrival_ns, unit.first_arrival_ns)
    head = _HEAD.pack(length, unit.track.value, unit.codec.value, flags, *times)
    return head + unit.payload


class AccessUnitReader:
    """Splits a byte stream into access units; bytes come in as they were read, in any sizes."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[AccessUnit]:
        """The access units that are whole after these bytes.

        Raises:
            ValueError: the stream is not framed as this module says.
        """
        buffer = self._buffer
        buffer += data
        while len(buffer) >= _HEAD.size:
            length, track, codec, flags, *times = _HEAD.unpack_from(buffer)
            if not _HEAD.size - _LENGTH.size <= length <= _HEAD.size + MAX_PAYLOAD_BYTES:
                raise ValueError(f"frame length {length} refused: at most {MAX_PAYLOAD_BYTES} bytes of payload")
            end = _LENGTH.size + length
            if len(buffer) < end:
                return
            payload = bytes(buffer[_HEAD.size : end])
            del buffer[:end]
            yield AccessUnit(Track(track), Codec(codec), bool(flags & _KEY), payload, *times)
