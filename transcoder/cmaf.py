"""Pure: CMAF init sections and chunks (ISO/IEC 23000-19) of one track.

libavformat is not used for this: it holds every fragment back until the next one's first packet (measured: 33 ms a
part) and cannot be told where to cut.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from transcoder.boxes import LANGUAGE_UND, MATRIX, box, descriptor, full_box

TRACK_ID = 1
_SYNC = 0x02000000  # sample_depends_on = 2: an IDR (14496-12 8.8.3.1)
_NON_SYNC = 0x01010000  # sample_depends_on = 1, sample_is_non_sync_sample
_DEFAULT_BASE_IS_MOOF = 0x020000
_DEFAULT_DURATION, _DEFAULT_FLAGS = 0x08, 0x20
_DATA_OFFSET, _FIRST_FLAGS, _DURATIONS, _SIZES, _FLAGS = 0x001, 0x004, 0x100, 0x200, 0x400
_BT709 = struct.pack(">4sHHHB", b"nclx", 1, 1, 1, 0)  # primaries, transfer, matrix, limited range (14496-12 12.1.5)


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded sample in decoding order, which is presentation order here.

    Attributes:
        data: length-prefixed NAL units, or one AAC frame.
        duration: in the track's timescale.
        sync: decoding can start here.
    """

    data: bytes
    duration: int
    sync: bool


def video_init(avcc: bytes, width: int, height: int, timescale: int, bitrate_bps: int) -> bytes:
    """Init section of an H.264 track, square pixels, BT.709.

    Args:
        avcc: AVCDecoderConfigurationRecord (14496-15 5.3.3.1).
        width: pixels.
        height: pixels.
        timescale: ticks per second.
        bitrate_bps: average and maximum rate, for ``btrt``.
    """
    entry = box(
        b"avc1",
        struct.pack(">6xH16xHHIIIH32xHh", 1, width, height, 0x480000, 0x480000, 0, 1, 24, -1),
        box(b"avcC", avcc),
        box(b"colr", _BT709),
        box(b"pasp", struct.pack(">II", 1, 1)),
        _btrt(bitrate_bps),
    )
    header = full_box(b"vmhd", 0, 1, bytes(8))
    size = struct.pack(">II", width << 16, height << 16)
    return _ftyp() + _moov(timescale, b"vide", b"VideoHandler", header + _dinf() + _stbl(entry), size)


def audio_init(asc: bytes, sample_rate: int, channels: int, bitrate_bps: int) -> bytes:
    """Init section of an AAC track; the timescale is the sample rate.

    Args:
        asc: AudioSpecificConfig (14496-3 1.6.2.1).
        sample_rate: Hz, below 65536.
        channels: how many.
        bitrate_bps: average and maximum rate, for ``esds`` and ``btrt``.
    """
    decoder_config = descriptor(
        4, bytes([0x40, 0x15, 0, 0, 0]), struct.pack(">II", bitrate_bps, bitrate_bps), descriptor(5, asc)
    )
    esds = full_box(b"esds", 0, 0, descriptor(3, struct.pack(">HB", TRACK_ID, 0), decoder_config, descriptor(6, b"\2")))
    entry = box(b"mp4a", struct.pack(">6xH8xHHHHI", 1, channels, 16, 0, 0, sample_rate << 16), esds, _btrt(bitrate_bps))
    header = full_box(b"smhd", 0, 0, bytes(4))
    return _ftyp() + _moov(sample_rate, b"soun", b"SoundHandler", header + _dinf() + _stbl(entry), bytes(8))


def segment_type() -> bytes:
    """``styp``: opens a segment."""
    return box(b"styp", b"msdh", bytes(4), b"msdh", b"msix", b"cmfs")


def producer_time(ntp: int, media_time: int) -> bytes:
    """``prft``: the NTP time at which the sample with this decode time was captured (14496-12 8.16.5)."""
    return full_box(b"prft", 1, 24, struct.pack(">IQQ", TRACK_ID, ntp, media_time))


def chunk(sequence: int, decode_time: int, samples: Sequence[Sample]) -> bytes:
    """``moof`` and ``mdat`` of one CMAF chunk (23000-19 7.3.2.3).

    Args:
        sequence: number of the fragment, counting up.
        decode_time: of the first sample, in the track's timescale.
        samples: at least one.
    """
    durations = {sample.duration for sample in samples}
    constant = len(durations) == 1
    only_first_sync = samples[0].sync and not any(sample.sync for sample in samples[1:])
    all_alike = len({sample.sync for sample in samples}) == 1
    track_flags, track_fields = _DEFAULT_BASE_IS_MOOF, struct.pack(">I", TRACK_ID)
    run_flags, first = _DATA_OFFSET | _SIZES, b""
    if constant:
        track_flags |= _DEFAULT_DURATION
        track_fields += struct.pack(">I", samples[0].duration)
    else:
        run_flags |= _DURATIONS
    if all_alike or only_first_sync:
        track_flags |= _DEFAULT_FLAGS
        track_fields += struct.pack(">I", _SYNC if all_alike and samples[0].sync else _NON_SYNC)
        if only_first_sync and not all_alike:
            run_flags |= _FIRST_FLAGS
            first = struct.pack(">I", _SYNC)
    else:
        run_flags |= _FLAGS
    entries = b"".join(_run_entry(sample, run_flags) for sample in samples)
    head = [
        full_box(b"mfhd", 0, 0, struct.pack(">I", sequence)),
        full_box(b"tfhd", 0, track_flags, track_fields),
        full_box(b"tfdt", 1, 0, struct.pack(">Q", decode_time)),
    ]
    run_bytes = 20 + len(first) + len(entries)
    moof_bytes = 8 + 8 + sum(map(len, head)) + run_bytes
    run = full_box(b"trun", 0, run_flags, struct.pack(">Ii", len(samples), moof_bytes + 8), first, entries)
    moof = box(b"moof", head[0], box(b"traf", head[1], head[2], run))
    return moof + box(b"mdat", *(sample.data for sample in samples))


def _run_entry(sample: Sample, run_flags: int) -> bytes:
    fields = [len(sample.data)]
    if run_flags & _DURATIONS:
        fields.insert(0, sample.duration)
    if run_flags & _FLAGS:
        fields.append(_SYNC if sample.sync else _NON_SYNC)
    return struct.pack(f">{len(fields)}I", *fields)


def _ftyp() -> bytes:
    return box(b"ftyp", b"iso6", bytes(4), b"iso6", b"cmfc", b"mp41")


def _btrt(bitrate_bps: int) -> bytes:
    return box(b"btrt", struct.pack(">III", bitrate_bps // 16, bitrate_bps, bitrate_bps))  # buffer: half a second


def _dinf() -> bytes:
    return box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), full_box(b"url ", 0, 1)))


def _stbl(entry: bytes) -> bytes:
    return box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, bytes(4)),
        full_box(b"stsc", 0, 0, bytes(4)),
        full_box(b"stsz", 0, 0, bytes(8)),
        full_box(b"stco", 0, 0, bytes(4)),
    )


def _moov(timescale: int, handler: bytes, handler_name: bytes, media_information: bytes, size: bytes) -> bytes:
    volume = 0x100 if handler == b"soun" else 0
    movie_header = full_box(
        b"mvhd",
        0,
        0,
        struct.pack(">IIIIIH10x", 0, 0, timescale, 0, 0x10000, 0x100),
        MATRIX,
        bytes(24),
        struct.pack(">I", TRACK_ID + 1),
    )
    track_header = full_box(
        b"tkhd", 0, 3, struct.pack(">IIIIIIIHHHH", 0, 0, TRACK_ID, 0, 0, 0, 0, 0, 0, volume, 0), MATRIX, size
    )
    media = box(
        b"mdia",
        full_box(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0, LANGUAGE_UND, 0)),
        full_box(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, handler), handler_name + b"\0"),
        box(b"minf", media_information),
    )
    defaults = full_box(b"trex", 0, 0, struct.pack(">IIIII", TRACK_ID, 1, 0, 0, 0))
    return box(b"moov", movie_header, box(b"trak", track_header, media), box(b"mvex", defaults))
