"""Pure: what a ``moof`` and a ``prft`` say about a chunk's samples (ISO/IEC 14496-12 8.8, 8.16.5)."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from origin.boxes import HEAD_BYTES, find, find_all, full_box, unpack
from origin.errors import CmafRefused
from origin.iframes import Picture
from origin.init_reader import SampleDefaults

MAX_SAMPLES = 4096  # in one chunk; a part of a third of a second has 20 at 60 fps
MAX_TFDT = 1 << 62
_I32 = struct.Struct(">i")
_MAX_COMPOSITION = (1 << 31) - 1  # ticks; more does not fit into the field when it is signed
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_TFHD_BASE, _TFHD_DESCRIPTION, _TFHD_DURATION, _TFHD_SIZE, _TFHD_FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20
_TRUN_OFFSET, _TRUN_FIRST_FLAGS = 0x1, 0x4
_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_CTO = 0x100, 0x200, 0x400, 0x800
_NOT_SYNC = 0x10000  # sample_is_non_sync_sample


@dataclass(frozen=True, slots=True)
class Samples:
    """What the samples of a chunk have in sum.

    Attributes:
        start_ticks: ``tfdt``.
        duration_ticks: sum of their durations; at least 1.
        count: at least 1.
        size_bytes: sum of their sizes.
        independent: one of them at least is a sync sample.
        leads: the first of them is one.
    """

    start_ticks: int
    duration_ticks: int
    count: int
    size_bytes: int
    independent: bool
    leads: bool


class _Run(NamedTuple):
    """One ``trun``: how many samples, their ticks and bytes in sum, which of them are sync samples."""

    samples: int
    ticks: int
    size: int
    sync: list[bool]


def read_moof(moof: memoryview, defaults: SampleDefaults) -> Samples:
    """What a ``moof`` payload says.

    Raises:
        CmafRefused: it is not the fragment of one track with at least one sample that lasts.
    """
    traf = find(moof, b"traf")
    start_ticks = _tfdt(find(traf, b"tfdt"))
    defaults = _tfhd(find(traf, b"tfhd"), defaults)
    runs = [_trun(trun, defaults) for trun in find_all(traf, b"trun")]
    count = sum(run.samples for run in runs)
    duration = sum(run.ticks for run in runs)
    if not 1 <= count <= MAX_SAMPLES:
        raise CmafRefused(f"chunk of {count} samples refused: allowed are 1 to {MAX_SAMPLES}")
    if duration < 1:
        raise CmafRefused("chunk refused: its samples last no time at all")
    sync = [each for run in runs for each in run.sync]
    return Samples(start_ticks, duration, count, sum(run.size for run in runs), any(sync), sync[0])


def read_picture(moof: bytes, mdat: bytes, head_bytes: int, defaults: SampleDefaults) -> Picture | None:
    """The first sample of a video chunk that was read by `read_moof`, if it can be decoded alone.

    Args:
        moof: the whole box.
        mdat: the whole box behind it.
        head_bytes: length of the head of the ``moof``.
        defaults: of its init section.
    """
    traf = find(memoryview(moof)[head_bytes:], b"traf")
    tfhd = find(traf, b"tfhd")
    defaults = _tfhd(tfhd, defaults)
    version, flags, rest = full_box(find_all(traf, b"trun")[0], b"trun")
    fields = [defaults.size_bytes, defaults.flags, 0]
    offset = 4
    if flags & _TRUN_OFFSET:
        (data_offset,) = unpack(_I32, rest, offset, b"trun")
        offset += 4
    else:
        data_offset = len(moof) + HEAD_BYTES
    if flags & _TRUN_FIRST_FLAGS:
        (fields[1],) = unpack(_U32, rest, offset, b"trun")
        offset += 4
    offset += 4 if flags & _TRUN_DURATION else 0
    for index, bit in enumerate((_TRUN_SIZE, _TRUN_FLAGS, _TRUN_CTO)):
        if flags & bit:
            (fields[index],) = unpack(_I32 if bit == _TRUN_CTO and version else _U32, rest, offset, b"trun")
            offset += 4
    size_bytes, sample_flags, composition_ticks = fields
    start = data_offset - len(moof)
    inside = start >= HEAD_BYTES and 0 < size_bytes <= len(mdat) - start
    if sample_flags & _NOT_SYNC or not inside or composition_ticks > _MAX_COMPOSITION:
        return None
    (track_id,) = unpack(_U32, full_box(tfhd, b"tfhd")[2], 0, b"tfhd")
    return Picture(mdat[start : start + size_bytes], track_id, composition_ticks)


def read_prft(prft: memoryview) -> int:
    """The NTP timestamp of a ``prft`` payload: 32.32 fixed point, seconds since 1900 (ISO/IEC 14496-12 8.16.5)."""
    _, _, rest = full_box(prft, b"prft")
    (ntp,) = unpack(_U64, rest, 4, b"prft")
    return ntp


def _tfdt(tfdt: memoryview) -> int:
    version, _, rest = full_box(tfdt, b"tfdt")
    (ticks,) = unpack(_U64 if version else _U32, rest, 0, b"tfdt")
    if ticks > MAX_TFDT:
        raise CmafRefused(f"decode time {ticks} refused: at most {MAX_TFDT} ticks are allowed")
    return ticks


def _tfhd(tfhd: memoryview, defaults: SampleDefaults) -> SampleDefaults:
    """The track's defaults with those that this fragment replaces (ISO/IEC 14496-12 8.8.7)."""
    _, flags, rest = full_box(tfhd, b"tfhd")
    if flags & _TFHD_BASE:
        raise CmafRefused("box 'tfhd' refused: data must be addressed from the start of its moof")
    offset = 4 + (4 if flags & _TFHD_DESCRIPTION else 0)
    values = [defaults.duration_ticks, defaults.size_bytes, defaults.flags]
    for index, bit in enumerate((_TFHD_DURATION, _TFHD_SIZE, _TFHD_FLAGS)):
        if flags & bit:
            (values[index],) = unpack(_U32, rest, offset, b"tfhd")
            offset += 4
    return SampleDefaults(*values)


def _trun(trun: memoryview, defaults: SampleDefaults) -> _Run:
    """A run of samples (ISO/IEC 14496-12 8.8.8)."""
    _, flags, rest = full_box(trun, b"trun")
    (count,) = unpack(_U32, rest, 0, b"trun")
    if count > MAX_SAMPLES:
        raise CmafRefused(f"run of {count} samples refused: at most {MAX_SAMPLES} are allowed")
    offset = 4 + (4 if flags & _TRUN_OFFSET else 0)
    first_flags = defaults.flags
    if flags & _TRUN_FIRST_FLAGS:
        (first_flags,) = unpack(_U32, rest, offset, b"trun")
        offset += 4
    columns = [bit for bit in (_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_CTO) if flags & bit]
    table = unpack(struct.Struct(f">{count * len(columns)}I"), rest, offset, b"trun")
    column = {bit: table[index :: len(columns)] for index, bit in enumerate(columns)}
    durations = column.get(_TRUN_DURATION, (defaults.duration_ticks,) * count)
    sizes = column.get(_TRUN_SIZE, (defaults.size_bytes,) * count)
    sample_flags = column.get(_TRUN_FLAGS) or ((first_flags,) + (defaults.flags,) * (count - 1))[:count]
    return _Run(count, sum(durations), sum(sizes), [not each & _NOT_SYNC for each in sample_flags])
