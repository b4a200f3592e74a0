"""Pure: what an init section says about its track (ISO/IEC 14496-12 8, 14496-14 5.6, 14496-15 5.4)."""

import struct
from dataclasses import dataclass

from origin.boxes import children, find, find_all, full_box, type_name, unpack
from origin.errors import CmafRefused
from origin.model import Kind, TrackDescription

MAX_TIMESCALE = 10_000_000  # ticks per second; real ones are 90000 and 48000
MAX_SIDE = 16384  # pixels
MAX_CHANNELS = 32
_U32 = struct.Struct(">I")
_VISUAL_SIZE = struct.Struct(">HH")  # width, height at byte 24 of a visual sample entry
_VISUAL_BYTES = 78
_AUDIO_CHANNELS = struct.Struct(">H")  # at byte 16 of an audio sample entry
_AUDIO_RATE = struct.Struct(">I")  # 16.16 fixed point at byte 24
_AUDIO_BYTES = 28
_BTRT = struct.Struct(">III")  # buffer size, peak, average
_TREX = struct.Struct(">IIIII")
_TAG_ES, _TAG_DECODER_CONFIG, _TAG_DECODER_SPECIFIC = 3, 4, 5  # ISO/IEC 14496-1 7.2.2.1
_DECODER_CONFIG_BYTES = 13
_ES_HEAD = struct.Struct(">HB")
_LONG_OBJECT_TYPE = 31  # an audio object type of 32 or more follows in 6 more bits (ISO/IEC 14496-3 1.6.2.1)
_MPEG4_AUDIO = 0x40
_MAX_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class SampleDefaults:
    """What ``trex`` says about samples that do not speak for themselves (ISO/IEC 14496-12 8.8.3)."""

    duration_ticks: int
    size_bytes: int
    flags: int


def read_init(moov: memoryview) -> tuple[TrackDescription, SampleDefaults]:
    """What a ``moov`` payload says.

    Raises:
        CmafRefused: it is not the init section of one H.264 or AAC track.
    """
    tracks = len(find_all(moov, b"trak"))
    if tracks > 1:
        raise CmafRefused(f"{tracks} tracks in one body refused: push each one to an address of its own")
    trak = find(moov, b"trak")
    mdia = find(trak, b"mdia")
    timescale = _timescale(find(mdia, b"mdhd"))
    _, _, handler = full_box(find(mdia, b"hdlr"), b"hdlr")
    stbl = find(mdia, b"minf", b"stbl")
    entry_type, entry = _sample_entry(find(stbl, b"stsd"))
    defaults = _defaults(find(moov, b"mvex", b"trex"))
    match bytes(handler[4:8]), entry_type:
        case b"vide", b"avc1":
            return _video(entry, timescale), defaults
        case b"soun", b"mp4a":
            return _audio(entry, timescale), defaults
    raise CmafRefused(f"sample entry {type_name(entry_type)} refused: allowed are 'avc1' video and 'mp4a' audio")


def _timescale(mdhd: memoryview) -> int:
    version, _, rest = full_box(mdhd, b"mdhd")
    (timescale,) = unpack(_U32, rest, 16 if version else 8, b"mdhd")
    if not 1 <= timescale <= MAX_TIMESCALE:
        raise CmafRefused(f"timescale {timescale} refused: allowed are 1 to {MAX_TIMESCALE} ticks per second")
    return timescale


def _sample_entry(stsd: memoryview) -> tuple[bytes, memoryview]:
    _, _, rest = full_box(stsd, b"stsd")
    entries = list(children(rest[4:]))
    if len(entries) != 1:
        raise CmafRefused(f"{len(entries)} sample entries refused: exactly one is allowed")
    return entries[0]


def _defaults(trex: memoryview) -> SampleDefaults:
    _, _, rest = full_box(trex, b"trex")
    _, _, duration, size, flags = unpack(_TREX, rest, 0, b"trex")
    return SampleDefaults(duration, size, flags)


def _bit_rates(boxes: memoryview) -> tuple[int, int]:
    """Peak and average of a ``btrt`` among the boxes of a sample entry; zeros without one (14496-12 8.5.2.2)."""
    found = find_all(boxes, b"btrt")
    if not found:
        return 0, 0
    _, peak, average = unpack(_BTRT, found[0], 0, b"btrt")
    return peak, average


def _video(entry: memoryview, timescale: int) -> TrackDescription:
    width, height = unpack(_VISUAL_SIZE, entry, 24, b"avc1")
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE):
        raise CmafRefused(f"picture of {width}x{height} refused: allowed are 1 to {MAX_SIDE} pixels a side")
    boxes = entry[_VISUAL_BYTES:]
    configuration = bytes(find(boxes, b"avcC")[:4])
    if len(configuration) < 4 or configuration[0] != 1:  # noqa: PLR2004  # AVCDecoderConfigurationRecord's first fields
        raise CmafRefused("box 'avcC' refused: it is not version 1 of the decoder configuration")
    peak, average = _bit_rates(boxes)
    codec = f"avc1.{configuration[1:].hex()}"
    return TrackDescription(
        Kind.VIDEO, codec, timescale, width=width, height=height, peak_bps=peak, average_bps=average
    )


def _audio(entry: memoryview, timescale: int) -> TrackDescription:
    (channels,) = unpack(_AUDIO_CHANNELS, entry, 16, b"mp4a")
    (rate,) = unpack(_AUDIO_RATE, entry, 24, b"mp4a")
    if not 1 <= channels <= MAX_CHANNELS:
        raise CmafRefused(f"sound of {channels} channels refused: allowed are 1 to {MAX_CHANNELS}")
    boxes = entry[_AUDIO_BYTES:]
    _, _, descriptors = full_box(find(boxes, b"esds"), b"esds")
    object_type, peak, average = _decoder_config(descriptors)
    boxed_peak, boxed_average = _bit_rates(boxes)
    return TrackDescription(
        Kind.AUDIO,
        f"mp4a.40.{object_type}",
        timescale,
        channels=channels,
        sample_rate=rate >> 16,
        peak_bps=peak or boxed_peak,
        average_bps=average or boxed_average,
    )


def _decoder_config(descriptors: memoryview) -> tuple[int, int, int]:
    """Audio object type, peak and average bit rate of an ``esds`` (ISO/IEC 14496-1 7.2.6.5-6)."""
    stream = _descriptor(descriptors, _TAG_ES)
    _, flags = unpack(_ES_HEAD, stream, 0, b"esds")
    if flags & 0xE0:  # depends on another stream, has a URL, or a clock of its own: never in a file of one track
        raise CmafRefused("box 'esds' refused: its stream depends on another one")
    config = _descriptor(stream[_ES_HEAD.size :], _TAG_DECODER_CONFIG)
    if len(config) < _DECODER_CONFIG_BYTES or config[0] != _MPEG4_AUDIO:
        raise CmafRefused("box 'esds' refused: it does not describe MPEG-4 audio")
    (peak,) = _U32.unpack_from(config, 5)
    (average,) = _U32.unpack_from(config, 9)
    specific = bytes(_descriptor(config[_DECODER_CONFIG_BYTES:], _TAG_DECODER_SPECIFIC)[:2])
    if len(specific) < 2:  # noqa: PLR2004  # object type, frequency and channels need 13 bits
        raise CmafRefused("box 'esds' refused: its audio configuration is too short")
    object_type = specific[0] >> 3
    if object_type == _LONG_OBJECT_TYPE:
        object_type = 32 + ((specific[0] & 7) << 3 | specific[1] >> 5)
    return object_type, peak, average


def _descriptor(data: memoryview, tag: int) -> memoryview:
    """The payload of the descriptor at the start; its length is 1 to 4 bytes of 7 bits (ISO/IEC 14496-1 8.3.3)."""
    length = 0
    for offset in range(1, 1 + _MAX_LENGTH_BYTES):
        if offset >= len(data) or data[0] != tag:
            break
        length = length << 7 | data[offset] & 0x7F
        if not data[offset] & 0x80:
            if offset + 1 + length > len(data):
                break
            return data[offset + 1 : offset + 1 + length]
    raise CmafRefused(f"box 'esds' refused: no whole descriptor {tag} where it must be")
