"""Access units of a made-up broadcast: a moving picture with a flash, a quiet tone with a click at the same instant."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from transcoder.access_unit import AccessUnit, Codec, Track

NS = 1_000_000_000
OPUS_SAMPLES = 960


@dataclass(frozen=True)
class Clip:
    """What the broadcast is like.

    Attributes:
        start_ns: capture instant of the first picture and sound.
        seconds: length.
        width: pixels.
        height: pixels.
        frame_rate: pictures per second.
        codec: of the video.
        mark_s: when the picture flashes white, for three frames, and the sound clicks; None for never.
        key_every: frames between keyframes.
    """

    start_ns: int
    seconds: float = 2.0
    width: int = 320
    height: int = 180
    frame_rate: int = 30
    codec: Codec = Codec.H264
    mark_s: float | None = None
    key_every: int = 30

    def video(self) -> Iterator[AccessUnit]:
        """Its pictures."""
        encoder = _video_encoder(self)
        for n in range(int(self.seconds * self.frame_rate)):
            capture_ns = self.start_ns + n * NS // self.frame_rate
            picture = VideoFrame.from_ndarray(self._pixels(n), format="yuv420p")
            picture.pts, picture.time_base = n * 90_000 // self.frame_rate, Fraction(1, 90_000)
            key = n % self.key_every == 0
            picture.pict_type = PictureType.I if key else PictureType.NONE
            for packet in encoder.encode(picture):
                yield AccessUnit(
                    Track.VIDEO,
                    self.codec,
                    packet.is_keyframe,
                    bytes(packet),
                    n * 90_000 // self.frame_rate,
                    capture_ns,
                    capture_ns,
                )

    def audio(self) -> Iterator[AccessUnit]:
        """Its sound, in Opus packets of 20 ms."""
        encoder = av.CodecContext.create("libopus", "w")
        assert isinstance(encoder, AudioCodecContext)
        encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = 48_000, "stereo", "flt", 64_000
        encoder.options = {"application": "lowdelay"}
        encoder.open()
        samples = self._sound()
        for n in range(samples.shape[1] // OPUS_SAMPLES):
            part = samples[:, n * OPUS_SAMPLES : (n + 1) * OPUS_SAMPLES]
            frame = AudioFrame.from_ndarray(np.ascontiguousarray(part.T.reshape(1, -1)), format="flt", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, n * OPUS_SAMPLES, Fraction(1, 48_000)
            for packet in encoder.encode(frame):
                assert packet.pts is not None
                capture_ns = self.start_ns + packet.pts * NS // 48_000
                yield AccessUnit(
                    Track.AUDIO, Codec.OPUS, True, bytes(packet), packet.pts & 0xFFFFFFFF, capture_ns, capture_ns
                )

    def units(self) -> list[AccessUnit]:
        """Pictures and sound in the order of their capture."""
        return sorted([*self.video(), *self.audio()], key=lambda unit: unit.capture_ns)

    def _pixels(self, n: int) -> "np.ndarray[tuple[int, int], np.dtype[np.uint8]]":
        pixels = np.full((self.height * 3 // 2, self.width), 128, np.uint8)
        x, y = np.arange(self.width), np.arange(self.height)[:, None]
        pixels[: self.height] = 60 + ((x + 3 * n) // 8 + y // 8) % 2 * 40
        if self.mark_s is not None and 0 <= n - round(self.mark_s * self.frame_rate) < 3:
            pixels[: self.height] = 235
        return pixels

    def _sound(self) -> "np.ndarray[tuple[int, int], np.dtype[np.float32]]":
        count = int(self.seconds * 48_000)
        tone = 0.01 * np.sin(2 * np.pi * 440 * np.arange(count) / 48_000)
        if self.mark_s is not None:
            at = int(self.mark_s * 48_000)
            tone[at : at + 480] = 0.8 * np.sin(2 * np.pi * 2000 * np.arange(480) / 48_000)
        return np.stack([tone, tone]).astype(np.float32)


def _video_encoder(clip: Clip) -> VideoCodecContext:
    encoder = av.CodecContext.create("libx264" if clip.codec is Codec.H264 else "libvpx", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = clip.width, clip.height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 90_000), Fraction(clip.frame_rate)
    encoder.gop_size, encoder.thread_count, encoder.bit_rate = 10_000, 1, 800_000
    if clip.codec is Codec.H264:
        encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "forced-idr": "1"}
    else:
        encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    encoder.open()
    return encoder
