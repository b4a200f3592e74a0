"""CMAF written by hand, as small as a reader lets pass; real samples may be put in."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from struct import pack

from infra.clock import unix_ns_to_ntp

VIDEO_TIMESCALE = 90_000
AUDIO_TIMESCALE = 48_000
AVCC = bytes.fromhex("01640020ffe1000a67640020acd940500591010001000468ebe3cb")  # High 3.2; parameter sets are not real
ASC = bytes.fromhex("1190")  # AAC-LC, 48 kHz, stereo
SYNC, NOT_SYNC = 0x02000000, 0x01010000


@dataclass(frozen=True)
class Sample:
    """One coded sample."""

    data: bytes
    duration_ticks: int
    sync: bool = True


def box(box_type: bytes, *payload: bytes) -> bytes:
    """A box."""
    return pack(">I4s", 8 + sum(map(len, payload)), box_type) + b"".join(payload)


def full(box_type: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    """A full box."""
    return box(box_type, pack(">I", version << 24 | flags), *payload)


def _moov(timescale: int, handler: bytes, entry: bytes, trex_flags: int = 0) -> bytes:
    matrix = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    media_header = full(b"vmhd", 0, 1, bytes(8)) if handler == b"vide" else full(b"smhd", 0, 0, bytes(4))
    stbl = box(
        b"stbl",
        full(b"stsd", 0, 0, pack(">I", 1), entry),
        full(b"stts", 0, 0, bytes(4)),
        full(b"stsc", 0, 0, bytes(4)),
        full(b"stsz", 0, 0, bytes(8)),
        full(b"stco", 0, 0, bytes(4)),
    )
    dinf = box(b"dinf", full(b"dref", 0, 0, pack(">I", 1), full(b"url ", 0, 1)))
    width, height = struct.unpack(">HH", entry[32:36]) if handler == b"vide" else (0, 0)
    tkhd = full(
        b"tkhd",
        0,
        7,
        pack(">IIIII", 0, 0, 1, 0, 0),
        bytes(8),
        pack(">HHHH", 0, 0, 0 if handler == b"vide" else 0x100, 0),
        matrix,
        pack(">II", width << 16, height << 16),
    )
    mdia = box(
        b"mdia",
        full(b"mdhd", 0, 0, pack(">IIIIHH", 0, 0, timescale, 0, 0x55C4, 0)),
        full(b"hdlr", 0, 0, pack(">I4s12x", 0, handler), b"x\0"),
        box(b"minf", media_header, dinf, stbl),
    )
    mvhd = full(
        b"mvhd", 0, 0, pack(">IIIIIHHII", 0, 0, timescale, 0, 0x10000, 0x100, 0, 0, 0), matrix, bytes(24), pack(">I", 2)
    )
    return box(
        b"moov",
        mvhd,
        box(b"trak", tkhd, mdia),
        box(b"mvex", full(b"trex", 0, 0, pack(">IIIII", 1, 1, 0, 0, trex_flags))),
    )


def ftyp() -> bytes:
    """File type."""
    return box(b"ftyp", b"iso6", bytes(4), b"iso6cmfc")


def video_init(
    width: int = 1280,
    height: int = 720,
    bit_rate: int = 2_000_000,
    timescale: int = VIDEO_TIMESCALE,
    avcc: bytes = AVCC,
) -> bytes:
    """Init section of an H.264 rendition."""
    extra = [box(b"avcC", avcc), *([box(b"btrt", pack(">III", 0, bit_rate, bit_rate))] if bit_rate else [])]
    head = pack(">6xH16xHHIIIH32sHh", 1, width, height, 0x480000, 0x480000, 0, 1, bytes(32), 0x18, -1)
    return ftyp() + _moov(timescale, b"vide", box(b"avc1", head, *extra))


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes([tag, 0x80, 0x80, 0x80, len(body)]) + body


def audio_init(channels: int = 2, bit_rate: int = 128_000, asc: bytes = ASC, timescale: int = AUDIO_TIMESCALE) -> bytes:
    """Init section of an AAC rendition."""
    config = _descriptor(4, bytes([0x40, 0x15, 0, 0, 0]) + pack(">II", bit_rate, bit_rate) + _descriptor(5, asc))
    esds = full(b"esds", 0, 0, _descriptor(3, pack(">HB", 1, 0) + config + _descriptor(6, b"\2")))
    head = pack(">6xH8xHHHHI", 1, channels, 16, 0, 0, AUDIO_TIMESCALE << 16)
    return ftyp() + _moov(timescale, b"soun", box(b"mp4a", head, esds))


def styp(*, last: bool = False) -> bytes:
    """Segment type: the open segment is whole."""
    return box(b"styp", b"msdh", bytes(4), b"msdhcmfc", b"lmsg" if last else b"")


def prft(capture_ns: int, media_time_ticks: int = 0) -> bytes:
    """Capture clock of the next chunk's first sample."""
    return full(b"prft", 1, 24, pack(">IQQ", 1, unix_ns_to_ntp(capture_ns), media_time_ticks))


def chunk(tfdt_ticks: int, samples: Sequence[Sample], sequence: int = 1) -> bytes:
    """One moof and mdat, every sample with its own duration, size and flags."""
    tfhd = full(b"tfhd", 0, 0x20000, pack(">I", 1))
    tfdt = full(b"tfdt", 1, 0, pack(">Q", tfdt_ticks))
    rows = b"".join(
        pack(">III", each.duration_ticks, len(each.data), SYNC if each.sync else NOT_SYNC) for each in samples
    )
    mfhd = full(b"mfhd", 0, 0, pack(">I", sequence))
    moof_bytes = 8 + len(mfhd) + 8 + len(tfhd) + len(tfdt) + 20 + len(rows)
    trun = full(b"trun", 0, 0x701, pack(">Ii", len(samples), moof_bytes + 8), rows)
    moof = box(b"moof", mfhd, box(b"traf", tfhd, tfdt, trun))
    assert len(moof) == moof_bytes
    return moof + box(b"mdat", *(each.data for each in samples))
