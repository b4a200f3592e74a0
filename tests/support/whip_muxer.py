"""FFmpeg's WHIP muxer, the one inside PyAV, as a program: ``python whip_muxer.py URL FRAMES CERT KEY``.

A process of its own, because the muxer holds the interpreter lock while it waits for the server.
"""

import asyncio
import fractions
import sys
import time
from pathlib import Path

import av
import numpy as np

from support.ffmpeg import write_certificate

RATE = 30
SAMPLES = 960


async def whip_muxer(url: str, frames: int, folder: Path) -> asyncio.subprocess.Process:
    """Start a publisher of so many frames of video, and sound of the same length."""
    cert_file, key_file = write_certificate(folder)
    arguments = [url, str(frames), str(cert_file), str(key_file)]
    environment = {"PYTHONPATH": str(Path(__file__).parents[1])}
    return await asyncio.create_subprocess_exec(sys.executable, __file__, *arguments, env=environment)


def publish(url: str, frames: int, cert_file: str, key_file: str) -> None:
    """Publish in real time, then say goodbye."""
    with av.open(url, "w", format="whip", options={"cert_file": cert_file, "key_file": key_file}) as output:
        video = output.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = 160, 96, "yuv420p"
        video.options = {"profile": "baseline", "tune": "zerolatency", "preset": "ultrafast", "g": str(RATE)}
        audio = output.add_stream("libopus", rate=48000)
        audio.layout = "stereo"
        output.start_encoding()
        begin, samples = time.monotonic(), 0
        for index in range(frames):
            picture = av.VideoFrame.from_ndarray(np.full((96, 160, 3), 3 * index % 255, np.uint8), format="rgb24")
            picture.pts, picture.time_base = index, fractions.Fraction(1, RATE)
            output.mux(video.encode(picture))
            while samples < (index + 1) * 48000 // RATE:
                sound = av.AudioFrame.from_ndarray(np.zeros((1, 2 * SAMPLES), np.int16), format="s16", layout="stereo")
                sound.sample_rate, sound.pts = 48000, samples
                samples += SAMPLES
                output.mux(audio.encode(sound))
            time.sleep(max(0.0, begin + (index + 1) / RATE - time.monotonic()))


if __name__ == "__main__":
    publish(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])
