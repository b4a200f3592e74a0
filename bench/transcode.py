"""CPU of the transcoder worker against the ffmpeg program that makes the same ladder of the same input.

The film clip is coded as a browser would (H.264 constrained baseline 720p30, Opus) and given to both in real time:
access units to a real worker, a file read with ``-re`` to ffmpeg. Both make three rungs and AAC. Prints CPU seconds and
their ratio; the worker's include its start and what it spends on packaging and pushing.
"""

import argparse
import asyncio
import dataclasses
import resource
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import av
import imageio_ffmpeg

from infra.clock import SystemClock
from infra.ids import SessionId, StreamName
from infra.settings import Settings
from support.film import film_path
from support.recording_origin import recording_origin
from transcoder.access_unit import AccessUnit, Codec, Track
from transcoder.ladder import choose_ladder
from transcoder.supervisor import Supervisor

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()
NS = 1_000_000_000


def prepare(folder: Path, seconds: int) -> Path:
    """The film as a browser would send it."""
    path = folder / "input.mkv"
    video = "-c:v libx264 -profile:v baseline -preset veryfast -tune zerolatency -b:v 3M -g 300 -r 30 -s 1280x720"
    command = [FFMPEG, "-v", "error", "-stream_loop", "-1", "-i", film_path(), *video.split()]
    subprocess.run([*command, *["-c:a", "libopus", "-ac", "2", "-b:a", "64k", "-t"], str(seconds), path], check=True)
    return path


def children_cpu_s() -> float:
    """CPU of all ended child processes."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def ffmpeg_cpu_s(source: Path) -> float:
    """CPU of the ffmpeg program for the ladder."""
    ladder = choose_ladder(1280, 720, 30, 3)
    scales = ";".join(f"[s{n}]scale={rung.width}:{rung.height}:flags=bicubic[v{n}]" for n, rung in enumerate(ladder))
    command = [FFMPEG, "-v", "error", "-re", "-threads", "1", "-i", str(source)]
    command += ["-filter_complex", f"[0:v]split={len(ladder)}{''.join(f'[s{n}]' for n in range(len(ladder)))};{scales}"]
    for n, rung in enumerate(ladder):
        rate = str(rung.bitrate_bps)
        command += [
            "-map",
            f"[v{n}]",
            "-c:v",
            "libx264",
            "-preset",
            "superfast",
            "-tune",
            "zerolatency",
            "-threads",
            "1",
        ]
        command += [
            "-b:v",
            rate,
            "-maxrate",
            rate,
            "-bufsize",
            str(rung.bitrate_bps // 2),
            "-g",
            "60",
            "-f",
            "null",
            "-",
        ]
    command += ["-map", "0:a", "-c:a", "aac", "-b:a", "128k", "-f", "null", "-"]
    before = children_cpu_s()
    subprocess.run(command, check=True)
    return children_cpu_s() - before


def access_units(source: Path) -> list[AccessUnit]:
    """The coded input, in Annex B."""
    units = []
    with av.open(str(source), "r") as container:
        annex_b = av.BitStreamFilterContext("h264_mp4toannexb", container.streams.video[0])
        for packet in container.demux():
            if packet.pts is None:
                continue
            video = packet.stream.type == "video"
            capture_ns = int(packet.pts * Fraction(packet.time_base or 1) * NS)
            for coded in annex_b.filter(packet) if video else [packet]:
                track, codec = (Track.VIDEO, Codec.H264) if video else (Track.AUDIO, Codec.OPUS)
                units.append(AccessUnit(track, codec, coded.is_keyframe, bytes(coded), 0, capture_ns, 0))
    return sorted(units, key=lambda unit: unit.capture_ns)


async def worker_cpu_s(units: list[AccessUnit]) -> float:
    """CPU of a worker that takes the units in real time."""
    clock = SystemClock()
    before = children_cpu_s()
    async with recording_origin() as origin:
        supervisor = Supervisor(Settings(log_level="error"), clock, origin.target)
        there = asyncio.Event()
        feed = await supervisor.start(StreamName("bench"), SessionId("bench"), there.set)
        await there.wait()
        start_ns = clock.now_ns() - units[0].capture_ns
        for unit in units:
            due_ns = unit.capture_ns + start_ns
            await asyncio.sleep(max(0, due_ns - clock.now_ns()) / NS)
            feed.push(dataclasses.replace(unit, capture_ns=due_ns, arrival_ns=due_ns))
        stats = feed.stats()
        await supervisor.close()
    print(f"worker: {stats}")
    return children_cpu_s() - before


def main() -> None:
    """Prepare the input, run both, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as folder:
        source = prepare(Path(folder), seconds)
        reference_s = ffmpeg_cpu_s(source)
        worker_s = asyncio.run(worker_cpu_s(access_units(source)))
    print(f"ffmpeg: {reference_s:.2f} s of CPU for {seconds} s of 720p30 in three rungs")
    print(f"worker: {worker_s:.2f} s of CPU, {worker_s / seconds:.2f} cores")
    print(f"ratio: {worker_s / reference_s:.2f}")


if __name__ == "__main__":
    main()
