"""Real access units: x264, libvpx and Opus at work, with exact timestamps."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache

import av
import numpy as np

from transcoder.access_unit import AccessUnit, Codec, Track

FRAME_NS = 1_000_000_000 // 30
START_NS = 1_700_000_000_000_000_000


def _pictures(count: int, width: int, height: int) -> Iterator[av.VideoFrame]:
    noise = np.random.default_rng(5)
    base = noise.integers(0, 255, (height, width, 3), dtype=np.uint8)
    for index in range(count):
        yield av.VideoFrame.from_ndarray(np.roll(base, 3 * index, axis=1), format="rgb24")


@cache
def video_units(
    codec: Codec = Codec.H264, count: int = 60, *, width: int = 160, height: int = 96, slices: int = 1, gop: int = 30
) -> tuple[AccessUnit, ...]:
    """Pictures of noise that moves, 30 a second, a keyframe every ``gop``; several RTP packets each."""
    name = {Codec.H264: "libx264", Codec.VP8: "libvpx"}[codec]
    encoder = av.CodecContext.create(name, "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.gop_size = gop
    encoder.bit_rate = 1_500_000
    encoder.options = (
        {"preset": "ultrafast", "tune": "zerolatency", "x264-params": f"slices={slices}:keyint={gop}:scenecut=0"}
        if codec is Codec.H264
        else {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    )
    packets = []
    for index, picture in enumerate(_pictures(count, width, height)):
        picture.pts = index
        packets += encoder.encode(picture)
    packets += encoder.encode(None)
    return tuple(
        AccessUnit(
            Track.VIDEO,
            codec,
            packet.is_keyframe,
            bytes(packet),
            3000 * index,
            START_NS + index * FRAME_NS,
            START_NS + index * FRAME_NS,
        )
        for index, packet in enumerate(packets)
    )


def opus_units(count: int = 100) -> tuple[AccessUnit, ...]:
    """Packets of 20 ms; their content is a number, not sound."""
    return tuple(
        AccessUnit(
            Track.AUDIO,
            Codec.OPUS,
            True,
            b"\xfc" + index.to_bytes(4) + bytes(60),
            960 * index,
            START_NS + index * 20_000_000,
            START_NS + index * 20_000_000,
        )
        for index in range(count)
    )


def decode(units: list[AccessUnit]) -> list[av.VideoFrame]:
    """The pictures; an error of the decoder is an exception."""
    decoder = av.CodecContext.create({Codec.H264: "h264", Codec.VP8: "vp8"}[units[0].codec], "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.options = {"err_detect": "explode"}
    pictures: list[av.VideoFrame] = []
    for unit in units:
        pictures += decoder.decode(av.Packet(unit.payload))
    return pictures + decoder.decode(None)
