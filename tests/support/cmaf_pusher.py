"""A CMAF pusher: renditions as lists of chunks, and POSTs that send them when told to."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import aiohttp
import av
import numpy as np
from av.audio.frame import AudioFrame
from av.codec.context import Flags
from av.video.frame import VideoFrame

from support.cmaf_boxes import Sample, audio_init, chunk, prft, styp, video_init

START_NS = 1_800_000_000_000_000_000  # capture instant of the first sample


@dataclass
class Source:
    """One rendition's media, cut into parts and segments; made up or real.

    Attributes:
        init: its init section.
        timescale: ticks per second.
        parts_per_segment: parts in a segment.
        samples_per_part: samples in a part.
        sample_ticks: length of a sample.
        samples: real samples to send, or none to make them up.
        sync_every: every how many samples one is a sync sample; 0: only the first of a segment.
        base_ticks: decode time of the first sample.
    """

    init: bytes
    timescale: int
    parts_per_segment: int = 6
    samples_per_part: int = 10
    sample_ticks: int = 3000
    samples: list[Sample] = field(default_factory=list)
    base_ticks: int = 900_000
    start_ns: int = START_NS
    index: int = 0

    @property
    def part_ticks(self) -> int:
        return self.samples_per_part * self.sample_ticks

    def opening(self) -> bytes:
        """What a POST starts with."""
        return self.init

    def next_part(self) -> bytes:
        """The next part, with ``styp`` ahead of it where a segment begins."""
        index, self.index = self.index, self.index + 1
        first = index * self.samples_per_part
        numbers = range(first, first + self.samples_per_part)
        samples = [self._sample(number, opens=index % self.parts_per_segment == 0) for number in numbers]
        capture_ns = self.start_ns + index * self.part_ticks * 1_000_000_000 // self.timescale
        tfdt = self.base_ticks + index * self.part_ticks
        opening = styp() if index % self.parts_per_segment == 0 else b""
        return opening + prft(capture_ns, tfdt) + chunk(tfdt, samples, index + 1)

    def _sample(self, number: int, *, opens: bool) -> Sample:
        if self.samples:
            return self.samples[number]
        return Sample(
            number.to_bytes(4, "big") * 8, self.sample_ticks, sync=opens and number % self.samples_per_part == 0
        )

    def parts(self, count: int) -> Iterator[bytes]:
        """So many parts."""
        return (self.next_part() for _ in range(count))


def made_up_video(height: int = 720, **fields: Any) -> Source:
    """A video rendition of no real pictures, in parts of a third of a second."""
    return Source(video_init(height * 16 // 9, height), 90_000, **fields)


def made_up_audio(**fields: Any) -> Source:
    """An audio rendition of no real sound, in parts of 16 AAC frames."""
    return Source(audio_init(), 48_000, samples_per_part=16, sample_ticks=1024, base_ticks=480_000, **fields)


def real_video(seconds: int, width: int = 320, height: int = 180) -> Source:
    """A video rendition of real pictures, 30 a second, an IDR every two seconds."""
    encoder = av.VideoCodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "x264-params": "annexb=0:keyint=60:scenecut=0"}
    encoder.flags |= Flags.global_header
    encoder.open()
    samples = []
    for number in range(30 * seconds):
        picture = np.full((height * 3 // 2, width), number % 256, np.uint8)
        frame = VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = number
        samples += [Sample(bytes(packet), 3000, packet.is_keyframe) for packet in encoder.encode(frame)]
    return Source(video_init(width, height, avcc=bytes(encoder.extradata or b"")), 90_000, samples=samples)


def real_audio(seconds: int) -> Source:
    """An audio rendition of a real tone."""
    encoder = av.AudioCodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "stereo", "fltp"
    encoder.flags |= Flags.global_header
    encoder.open()
    samples = []
    for number in range(48 * seconds + 2):
        tone = np.sin(np.arange(number * 1024, (number + 1) * 1024) * (440 * 2 * np.pi / 48_000)) * 0.1
        frame = AudioFrame.from_ndarray(np.stack([tone, tone]).astype(np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, number * 1024
        samples += [Sample(bytes(packet), 1024) for packet in encoder.encode(frame)]
    samples = samples[1:]  # the encoder's priming packet
    init = audio_init(asc=bytes(encoder.extradata or b""))
    return Source(init, 48_000, samples_per_part=16, sample_ticks=1024, base_ticks=480_000, samples=samples)


class Post:
    """One long POST of a rendition; send, then end it cleanly or break it off."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        headers = {"Authorization": f"Bearer {token}"}
        self._task = asyncio.create_task(self._run(http, url, headers))

    async def _run(self, http: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> tuple[int, str]:
        async with http.post(url, data=self._body(), headers=headers) as response:
            return response.status, await response.text()

    async def _body(self) -> AsyncIterator[bytes]:
        while (data := await self._queue.get()) is not None:
            yield data

    def send(self, *data: bytes) -> None:
        """Send bytes, some time soon."""
        for each in data:
            self._queue.put_nowait(each)

    async def end(self) -> tuple[int, str]:
        """End the body cleanly; the answer as (status, text)."""
        self._queue.put_nowait(None)
        return await self._task

    async def answer(self) -> tuple[int, str]:
        """The answer, without ending the body."""
        return await self._task

    async def break_off(self) -> None:
        """Close the connection within the body."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
