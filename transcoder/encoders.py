"""Edge: libav encoders. An object lives in the thread that made it."""

from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from transcoder.decoder import Samples
from transcoder.ladder import Rung
from transcoder.timeline import AUDIO_TIMESCALE, VIDEO_TIMESCALE

AAC_BITRATE_BPS = 128_000
AAC_FRAME_SAMPLES = 1024
_BT709 = 1
_LIMITED_RANGE = 1
_ENDLESS_GOP = 1 << 20  # keyframes come when we ask for them, and only then


class PictureEncoder:
    """libx264 for live: no delay, one thread, IDR only where asked, packets with length prefixes."""

    def __init__(self, rung: Rung, frame_rate: int, preset: str) -> None:
        context = av.CodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = rung.width, rung.height, "yuv420p"
        context.time_base, context.framerate = Fraction(1, VIDEO_TIMESCALE), Fraction(frame_rate)
        context.sample_aspect_ratio = Fraction(1, 1)
        context.color_range = _LIMITED_RANGE
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.gop_size, context.thread_count, context.bit_rate = _ENDLESS_GOP, 1, rung.bitrate_bps
        context.flags |= Flags.global_header.value
        context.options = {
            "preset": preset,
            "tune": "zerolatency",
            "profile": "high",
            "maxrate": str(rung.bitrate_bps),
            # half a second of buffer: no segment is more than 1.25 times its target, even on hard content (measured)
            "bufsize": str(rung.bitrate_bps // 2),
            "forced-idr": "1",
            "x264-params": "scenecut=0:open-gop=0:annexb=0",
        }
        context.open()
        self._context = context

    @property
    def avcc(self) -> bytes:
        """AVCDecoderConfigurationRecord; with ``annexb=0`` the extradata is just that."""
        return bytes(self._context.extradata or b"")

    def encode(self, picture: VideoFrame, ticks: int, *, idr: bool) -> bytes:
        """One coded picture, as length-prefixed NAL units."""
        picture.pts, picture.time_base = ticks, Fraction(1, VIDEO_TIMESCALE)
        picture.pict_type = PictureType.I if idr else PictureType.NONE  # a decoded picture still has the source's
        return b"".join(bytes(packet) for packet in self._context.encode(picture))


class SoundEncoder:
    """FFmpeg's AAC-LC encoder, 48 kHz stereo."""

    def __init__(self) -> None:
        context = av.CodecContext.create("aac", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate, context.layout, context.format = AUDIO_TIMESCALE, "stereo", "fltp"
        context.bit_rate, context.time_base = AAC_BITRATE_BPS, Fraction(1, AUDIO_TIMESCALE)
        context.flags |= Flags.global_header.value
        context.open()
        self._context = context

    @property
    def asc(self) -> bytes:
        """AudioSpecificConfig."""
        return bytes(self._context.extradata or b"")

    def encode(self, samples: Samples | None, position: int) -> Iterator[tuple[int, bytes]]:
        """AAC frames and the positions of their first samples, one frame late; ``None`` gives the last one.

        The first frame primes the decoder: its position is `AAC_FRAME_SAMPLES` before the first sample.
        """
        frame = None
        if samples is not None:
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = AUDIO_TIMESCALE, position, Fraction(1, AUDIO_TIMESCALE)
        for packet in self._context.encode(frame):
            assert packet.pts is not None
            yield packet.pts, bytes(packet)
