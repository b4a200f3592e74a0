"""What viewers cost the origin: CPU of a request, beside nginx on tmpfs in the same run; LL-HLS viewers a core.

CPU is that of the serving processes (``/proc/PID/stat``, user and system), not of the clients, so that a busy machine
changes it little. Requests: a media playlist as it stands after a minute, a segment of 200 KB, over connections that
are kept. Viewers: each follows video and sound with held playlists and hinted parts in real time. ``--json FILE`` keeps
the figures.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import ssl
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import aiohttp
import structlog
from aiohttp import web

from infra.certificate import CertificateFiles
from infra.clock import SystemClock
from infra.front import Front, FrontAddresses, find_front
from infra.http import errors_to_problems
from infra.profiles import PROFILES
from infra.settings import Profile, Settings
from origin import handlers, intake
from origin.hub import Limits, OriginHub
from origin.storage.memory import MemoryStore
from origin.storage.write_behind import WriteBehind
from support.cmaf_boxes import Sample, audio_init, chunk, prft, styp, video_init
from support.ffmpeg import write_certificate
from support.processes import children, free_port

SEGMENT_BYTES = 200_000
VIEWED_BPS = 2_000_000
CONNECTIONS = 20
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
TMPFS = Path("/dev/shm")


@dataclass(frozen=True)
class Track:
    """One rendition of the stream that is pushed."""

    name: str
    init: bytes
    timescale: int
    samples: int
    sample_ticks: int
    sample_bytes: int
    parts_per_segment: int

    def part(self, index: int) -> bytes:
        """One part, with its boundary where a segment begins."""
        opens = index % self.parts_per_segment == 0
        samples = [
            Sample(bytes(self.sample_bytes), self.sample_ticks, sync=opens and n == 0) for n in range(self.samples)
        ]
        tfdt = index * self.samples * self.sample_ticks
        return (styp() if opens else b"") + prft(time.time_ns(), tfdt) + chunk(tfdt, samples)


def tracks(profile: Profile, frame_bytes: int) -> list[Track]:
    """Video at 30 fps, and 128 kbit/s of sound in parts as long."""
    frames = round(PROFILES[profile].part_s * 30)
    per_segment = round(PROFILES[profile].segment_s / PROFILES[profile].part_s)
    video = Track("720p", video_init(), 90_000, frames, 3000, frame_bytes, per_segment)
    sound = Track("audio", audio_init(), 48_000, 1, frames * 1600, frames * 533, per_segment)
    return [video, sound]


async def serve(profile: Profile, port_out: Connection) -> None:
    """An origin on a port of its own; runs until it is killed."""
    clock = SystemClock()
    hub = OriginHub(Settings(profile=profile), clock, WriteBehind(MemoryStore(clock), clock), Limits(return_s=60))
    app = web.Application(middlewares=[errors_to_problems])
    app.add_routes([*intake.routes(hub, "token", silence_s=600), *handlers.routes(hub)])

    async def held_now(_request: web.Request) -> web.Response:
        return web.json_response({"held": hub.held})

    app.add_routes([web.get("/held", held_now)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    port_out.send(runner.addresses[0][1])
    await asyncio.Event().wait()


def server_process(profile: Profile, port_out: Connection) -> None:
    """Entry of the origin's process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    asyncio.run(serve(profile, port_out))


@contextlib.contextmanager
def origin(profile: Profile) -> Iterator[tuple[int, int]]:
    """An origin in a process of its own, as (process id, port)."""
    port_in, port_out = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=server_process, args=(profile, port_out), daemon=True)
    server.start()
    try:
        assert server.pid is not None
        yield server.pid, port_in.recv()
    finally:
        server.kill()
        server.join()


class Push:
    """Pushes all tracks of a stream; parts come when told."""

    def __init__(self, http: aiohttp.ClientSession, base: str, pushed: list[Track]) -> None:
        self.index = 0
        self._queues: list[asyncio.Queue[bytes]] = [asyncio.Queue() for _ in pushed]
        self._tracks = pushed
        self._tasks = [
            asyncio.create_task(self._post(http, f"{base}/cmaf/cat/s1/{track.name}", track, queue))
            for track, queue in zip(pushed, self._queues, strict=True)
        ]

    async def _post(self, http: aiohttp.ClientSession, url: str, track: Track, queue: "asyncio.Queue[bytes]") -> None:
        async def body() -> AsyncIterator[bytes]:
            yield track.init
            while True:
                yield await queue.get()

        async with http.post(url, data=body(), headers={"Authorization": "Bearer token"}):
            pass

    def next_part(self) -> None:
        """The next part of every track."""
        for track, queue in zip(self._tracks, self._queues, strict=True):
            queue.put_nowait(track.part(self.index))
        self.index += 1

    async def close(self) -> None:
        """Break off."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def fetch(http: aiohttp.ClientSession, url: str) -> bytes:
    """A body, as soon as it is there."""
    while True:
        async with http.get(url, headers={"Accept-Encoding": "identity"}) as answer:
            if answer.status == 200:
                return await answer.read()
        await asyncio.sleep(0.05)


async def held(http: aiohttp.ClientSession, base: str, count: int) -> None:
    """Until so many requests are held."""
    while json.loads(await fetch(http, f"{base}/held"))["held"] < count:
        await asyncio.sleep(0.05)


def cpu_s(pids: list[int]) -> float:
    """CPU these processes have used, user and system."""
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) * TICK_S
    return total


async def ask(address: tuple[str, int], path: str, count: int, tls: ssl.SSLContext | None) -> int:
    """So many requests over one connection that is kept; bytes of the bodies."""
    reader, writer = await asyncio.open_connection(*address, ssl=tls, limit=1 << 20)
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: identity\r\n\r\n".encode()
    total = 0
    for _ in range(count):
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head[:200]
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        total += len(await reader.readexactly(length))
    writer.close()
    return total


async def cost_us(pids: list[int], port: int, path: str, count: int, tls: ssl.SSLContext | None) -> float:
    """CPU of one request in microseconds, mean of so many."""
    await asyncio.gather(*(ask(("127.0.0.1", port), path, 20, tls) for _ in range(CONNECTIONS)))
    before = cpu_s(pids)
    await asyncio.gather(*(ask(("127.0.0.1", port), path, count // CONNECTIONS, tls) for _ in range(CONNECTIONS)))
    return (cpu_s(pids) - before) / (count // CONNECTIONS * CONNECTIONS) * 1e6


NGINX_STATIC = """worker_processes 1; error_log stderr crit; pid {folder}/pid; events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000;
client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}"""


@contextlib.asynccontextmanager
async def nginx_on_tmpfs(files: dict[str, bytes]) -> AsyncIterator[tuple[list[int], int]]:
    """Nginx with one worker, serving these bytes from memory; as (process ids, port)."""
    with tempfile.TemporaryDirectory(dir=TMPFS) as name:
        folder, port = Path(name), free_port()
        folder.chmod(0o711)
        (folder / "www").mkdir()
        for file, data in files.items():
            (folder / "www" / file).write_bytes(data)
        (folder / "conf").write_text(NGINX_STATIC.format(folder=folder, port=port))
        _, program = find_front("nginx")
        command = [program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "conf"), "-g", "daemon off;"]
        process = await asyncio.create_subprocess_exec(*command)
        try:
            while len(pids := [process.pid, *children(process.pid)]) < 2:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.3)
            yield pids, port
        finally:
            process.terminate()
            await process.wait()


@contextlib.asynccontextmanager
async def front(program: str, upstream: int) -> AsyncIterator[tuple[list[int], int]]:
    """The configuration of infra/deploy in front of a port; as (process ids, port)."""
    with tempfile.TemporaryDirectory() as name:
        certificate = CertificateFiles(*write_certificate(Path(name)))
        Path(name).chmod(0o711)
        port = free_port()
        made = Front(program, FrontAddresses("127.0.0.1", port, f"127.0.0.1:{upstream}"), certificate)
        await made.start()
        try:
            assert made.pid is not None
            yield [made.pid, *children(made.pid)], port
        finally:
            await made.close()


async def requests(count: int) -> dict[str, dict[str, float]]:
    """CPU in microseconds by server and by what is asked for."""
    figures: dict[str, dict[str, float]] = {}
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with origin(Profile.STANDARD) as (pid, port):
        base = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as http:
            push = Push(http, base, tracks(Profile.STANDARD, SEGMENT_BYTES // 60))
            for _ in range(6 * 32):
                push.next_part()
            live = "/live/cat/s1/720p"
            await fetch(http, f"{base}{live}/s30.m4s")
            playlist = await fetch(http, f"{base}{live}/index.m3u8?_HLS_msn=31&_HLS_part=5")
            segment = await fetch(http, f"{base}{live}/s30.m4s")
            paths = {"playlist": f"{live}/index.m3u8", "segment": f"{live}/s30.m4s"}
            sizes = {"playlist": len(playlist), "segment": len(segment)}

            async def measure(
                name: str, at: tuple[list[int], int], asked: dict[str, str], tls: ssl.SSLContext | None = None
            ) -> None:
                figures[name] = {what: await cost_us(*at, path, count, tls) for what, path in asked.items()}

            async with nginx_on_tmpfs({"index.m3u8": playlist, "s30.m4s": segment}) as static:
                await measure("nginx on tmpfs", static, {"playlist": "/index.m3u8", "segment": "/s30.m4s"})
            await measure("origin", ([pid], port), paths)
            for program in ("nginx", "caddy"):
                async with front(program, port) as (pids, secure):
                    await measure(f"origin behind {program}, TLS", ([pid, *pids], secure), paths, trusting)
            await push.close()
    print(
        f"CPU of one request, us; playlist {sizes['playlist']} bytes, segment {sizes['segment']} bytes, mean of {count}"
    )
    for name, figure in figures.items():
        ratios = {what: figure[what] / figures["nginx on tmpfs"][what] for what in figure}
        print(
            f"{name:28} playlist {figure['playlist']:6.0f} ({ratios['playlist']:4.1f} x)   "
            f"segment {figure['segment']:6.0f} ({ratios['segment']:4.1f} x)"
        )
    return figures


async def follow(http: aiohttp.ClientSession, live: str, index: int, per_segment: int, parts: int) -> int:
    """A viewer of one rendition: the held playlist and the hinted part, together, again and again; how many it got."""
    got = 0

    async def came(url: str) -> bool:
        async with http.get(url) as answer:
            await answer.read()
            return answer.status == 200

    while got < parts:
        msn, part = divmod(index, per_segment)
        playlist = f"{live}/index.m3u8?_HLS_msn={msn}&_HLS_part={part}"
        if not all(await asyncio.gather(came(playlist), came(f"{live}/p{index}.m4s"))):
            break
        index, got = index + 1, got + 1
    return got


def viewers_process(base: str, index: int, per_segment: int, viewers: int, parts: int, out: Connection) -> None:
    """Entry of a process of viewers."""

    async def run() -> int:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as http:
            lives = [f"{base}/live/cat/s1/{name}" for name in ("720p", "audio")]
            counts = await asyncio.gather(
                *(follow(http, live, index, per_segment, parts) for live in lives for _ in range(viewers))
            )
            return sum(counts)

    out.send(asyncio.run(run()))


async def viewers(profile: Profile, count: int, seconds: float) -> float:
    """LL-HLS viewers that one core serves at this profile: viewers, by the share of a core that they took."""
    pushed = tracks(profile, VIEWED_BPS // 8 // 30)
    part_s, per_segment = float(PROFILES[profile].part_s), pushed[0].parts_per_segment
    with origin(profile) as (pid, port):
        base = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(60)) as http:
            push = Push(http, base, pushed)
            for _ in range(per_segment + 1):
                push.next_part()
            for track in pushed:
                await fetch(http, f"{base}/live/cat/s1/{track.name}/p{per_segment}.m4s")
            counts_in, counts_out = multiprocessing.Pipe(duplex=False)
            parts = round(seconds / part_s)
            arguments = (base, push.index, per_segment, count, parts, counts_out)
            crowd = multiprocessing.get_context("spawn").Process(target=viewers_process, args=arguments, daemon=True)
            crowd.start()
            await held(http, base, 4 * count)
            began, before = time.monotonic(), cpu_s([pid])
            for number in range(1, parts + 1):
                push.next_part()
                await asyncio.sleep(max(0.0, began + number * part_s - time.monotonic()))
            used, wall_s = cpu_s([pid]) - before, time.monotonic() - began
            got = counts_in.recv() / 2 / count
            crowd.join()
            await push.close()
    share = used / wall_s
    print(
        f"{profile.value:9} parts of {part_s:.3f} s: {count} viewers of video and sound took {share * 100:5.1f} % "
        f"of a core, each got {got:.0f} of {parts} parts: {count / share:6.0f} viewers a core"
    )
    return count / share


async def run(options: argparse.Namespace) -> dict[str, object]:
    figures: dict[str, object] = {"requests": await requests(options.requests)}
    figures["viewers_per_core"] = {
        profile.value: await viewers(profile, options.viewers, options.seconds) for profile in Profile
    }
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--viewers", type=int, default=150)
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    figures = asyncio.run(run(options))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
