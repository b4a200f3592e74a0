"""Edge: libav decoders. An object lives in the thread that made it."""

from collections.abc import Iterator

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from transcoder.access_unit import AccessUnit, Codec

_NAMES = {Codec.H264: "h264", Codec.VP8: "vp8"}

Samples = NDArray[np.float32]  # shape (2, n): left and right, 48 kHz, full scale is 1.0


class PictureDecoder:
    """Decodes H.264 or VP8; ``lost`` says that it needs a keyframe to go on."""

    def __init__(self) -> None:
        self._codec: Codec | None = None
        self._context: VideoCodecContext | None = None
        self.lost = True

    def decode(self, unit: AccessUnit) -> Iterator[VideoFrame]:
        """The pictures that come out; ``pts`` is the capture instant. Damaged input gives none and sets ``lost``."""
        if self.lost and not unit.key:
            return
        if self._context is None or unit.codec is not self._codec or self.lost:
            self._context = self._open(unit.codec)
            self.lost = False
        packet = av.Packet(unit.payload)
        packet.pts = packet.dts = unit.capture_ns
        try:
            yield from self._context.decode(packet)
        except av.FFmpegError:
            self.lost = True

    def _open(self, codec: Codec) -> VideoCodecContext:
        self._codec = codec
        context = av.CodecContext.create(_NAMES[codec], "r")
        assert isinstance(context, VideoCodecContext)
        context.thread_count = 1
        context.flags |= Flags.low_delay.value  # WebRTC has no reordered pictures; waiting for them costs frames
        return context


class SoundDecoder:
    """Decodes Opus to 48 kHz stereo."""

    def __init__(self) -> None:
        context = av.CodecContext.create("opus", "r")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = 48_000
        context.layout = "stereo"
        self._context = context

    def decode(self, unit: AccessUnit) -> Samples | None:
        """The samples of a packet; none if it is damaged."""
        try:
            frames = self._context.decode(av.Packet(unit.payload))
        except av.FFmpegError:
            return None
        if not frames:
            return None
        return np.concatenate([frame.to_ndarray().astype(np.float32, copy=False) for frame in frames], axis=1)
