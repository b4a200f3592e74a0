"""Pure: one coded picture as a media file of its own, for playlists of I-frames (rfc8216bis 4.4.3.6)."""

import struct
from dataclasses import dataclass

_MOOF_RELATIVE = 0x020000  # tfhd: data is addressed from the start of the moof
_ONE_SAMPLE = 0x1 | 0x100 | 0x200 | 0x400 | 0x800  # trun: data offset; duration, size, flags, composition offset
_SYNC_SAMPLE = 0x02000000  # depends on no other sample
_BOX_HEAD_BYTES = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """An IDR as it stands in a chunk.

    Attributes:
        data: its bytes, NAL units with their lengths.
        track_id: of its track.
        composition_ticks: from its decode time to its presentation, may be below 0.
    """

    data: bytes
    track_id: int
    composition_ticks: int


def picture_file(picture: Picture, number: int, start_ticks: int, duration_ticks: int) -> bytes:
    """A ``moof`` and an ``mdat`` with one sample, decoded with the init section of its rendition.

    Args:
        picture: the sample.
        number: counts the fragments, from 1.
        start_ticks: its decode time.
        duration_ticks: how long it stands: until the next segment's I-frame.
    """
    mfhd = _box(b"mfhd", struct.pack(">II", 0, number))
    tfhd = _box(b"tfhd", struct.pack(">II", _MOOF_RELATIVE, picture.track_id))
    tfdt = _box(b"tfdt", struct.pack(">IQ", 1 << 24, start_ticks))
    fields = (duration_ticks, len(picture.data), _SYNC_SAMPLE, picture.composition_ticks)
    trun_bytes = _BOX_HEAD_BYTES + struct.calcsize(">IIiIIIi")
    moof_bytes = sum(map(len, (mfhd, tfhd, tfdt))) + trun_bytes + 2 * _BOX_HEAD_BYTES  # of moof and traf
    trun = _box(b"trun", struct.pack(">IIiIIIi", 1 << 24 | _ONE_SAMPLE, 1, moof_bytes + _BOX_HEAD_BYTES, *fields))
    moof = _box(b"moof", mfhd + _box(b"traf", tfhd + tfdt + trun))
    return moof + _box(b"mdat", picture.data)


def _box(box_type: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", _BOX_HEAD_BYTES + len(payload), box_type) + payload
