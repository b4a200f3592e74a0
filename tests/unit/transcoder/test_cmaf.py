import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from infra.ids import RenditionName
from support.box_tree import boxes, find
from transcoder.cmaf import Sample, audio_init, chunk, video_init
from transcoder.encoders import PictureEncoder, SoundEncoder
from transcoder.ladder import Rung

SAMPLES = st.lists(
    st.builds(Sample, data=st.binary(min_size=1, max_size=40), duration=st.integers(1, 9000), sync=st.booleans()),
    min_size=1,
    max_size=12,
)


@given(SAMPLES, st.integers(1, 2**32 - 1), st.integers(0, 2**63))
def test_a_reader_finds_each_sample_with_its_duration_and_kind(
    samples: list[Sample], sequence: int, decode_time: int
) -> None:
    data = chunk(sequence, decode_time, samples)
    traf = find(data, b"moof", b"traf")
    assert struct.unpack(">Q", find(traf, b"tfdt")[4:]) == (decode_time,)
    tfhd, trun = find(traf, b"tfhd"), find(traf, b"trun")
    head_flags = struct.unpack_from(">I", tfhd)[0] & 0xFFFFFF
    defaults = list(struct.unpack_from(f">{(len(tfhd) - 8) // 4}I", tfhd, 8))
    duration = defaults.pop(0) if head_flags & 0x08 else None
    flags = defaults.pop(0) if head_flags & 0x20 else None
    run_flags, count, offset = struct.unpack_from(">IIi", trun)
    fields = list(struct.unpack_from(f">{(len(trun) - 12) // 4}I", trun, 12))
    first_flags = fields.pop(0) if run_flags & 0x004 else None
    at, read = offset, []
    for number in range(count):
        this_duration = fields.pop(0) if run_flags & 0x100 else duration
        size = fields.pop(0)
        own_flags = fields.pop(0) if run_flags & 0x400 else flags
        this_flags = first_flags if number == 0 and first_flags is not None else own_flags
        assert this_duration is not None
        assert this_flags is not None
        read.append(Sample(data[at : at + size], this_duration, sync=not this_flags & 0x10000))
        at += size
    assert read == samples
    assert at == len(data)


def test_an_init_section_and_its_chunks_are_decoded_by_ffmpeg() -> None:
    rung = Rung(RenditionName("144p"), 256, 144, 200_000)
    encoder = PictureEncoder(rung, 30, "superfast")
    picture = VideoFrame.from_ndarray(np.full((216, 256), 90, np.uint8), format="yuv420p")
    coded = [Sample(encoder.encode(picture, n * 3000, idr=n % 6 == 0), 3000, sync=n % 6 == 0) for n in range(12)]
    init = video_init(encoder.avcc, 256, 144, 90_000, 200_000)
    data = init + chunk(1, 900_000, coded[:6]) + chunk(2, 918_000, coded[6:])
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        frames = list(container.decode(stream))
        assert [frame.pts for frame in frames] == [900_000 + n * 3000 for n in range(12)]
        assert [frame.key_frame for frame in frames] == [True, *[False] * 5] * 2
        assert stream.codec_context.color_range == 1
        assert stream.sample_aspect_ratio == 1


def test_an_audio_track_starts_at_its_decode_time_without_an_edit_list() -> None:
    encoder = SoundEncoder()
    silence = np.zeros((2, 1024), np.float32)
    coded = [item for n in range(8) for item in encoder.encode(silence, 480_000 + n * 1024)]
    samples = [Sample(data, 1024, sync=True) for position, data in coded if position >= 480_000]
    data = audio_init(encoder.asc, 48_000, 2, 128_000) + chunk(1, 480_000, samples)
    assert b"elst" not in data
    with av.open(io.BytesIO(data), "r") as container:
        first = next(iter(container.decode(audio=0)))
        assert first.pts is not None
        assert first.time_base is not None
        assert first.pts * first.time_base == Fraction(10)


@pytest.mark.parametrize("init", [video_init(b"\x01d\0\x1f", 16, 16, 90_000, 1), audio_init(b"\x11\x90", 48_000, 2, 1)])
def test_an_init_section_has_no_samples_and_no_durations(init: bytes) -> None:
    assert [kind for kind, _ in boxes(init)] == [b"ftyp", b"moov"]
    moov = find(init, b"moov")
    assert struct.unpack_from(">I", find(moov, b"mvhd"), 16) == (0,)
    assert struct.unpack_from(">I", find(moov, b"trak", b"tkhd"), 20) == (0,)
    stbl = find(moov, b"trak", b"mdia", b"minf", b"stbl")
    assert find(stbl, b"stsz") == bytes(12)
    assert find(moov, b"mvex", b"trex")
