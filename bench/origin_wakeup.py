"""How late blocked viewers are woken: blocking reloads and hinted parts of the origin, against a bare handler.

All viewers wait on the loopback of this machine, in a process of their own, each on a connection of its own. Lateness
is from the moment the last byte of a part is written by the pusher, or the bare server opens its gate, until a viewer
has read the whole body; both sides read the same monotonic clock. Prints a table; ``--json FILE`` keeps the figures.
"""

import argparse
import asyncio
import json
import multiprocessing
import sys
import time
from collections.abc import AsyncIterator
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import aiohttp
import structlog
from aiohttp import web

from infra.clock import SystemClock
from infra.http import errors_to_problems
from infra.settings import Settings
from origin import handlers, intake
from origin.hub import Limits, OriginHub
from origin.storage.memory import MemoryStore
from origin.storage.write_behind import WriteBehind
from support.cmaf_boxes import Sample, chunk, prft, styp, video_init

WARM_PARTS = 7
SAMPLE_BYTES = 8000  # ten of them make a part of 80 KB: 2 Mbit/s in thirds of a second


def part(index: int) -> bytes:
    """One part, with its boundary where a segment begins."""
    samples = [Sample(bytes(SAMPLE_BYTES), 3000, sync=index % 6 == 0 and n == 0) for n in range(10)]
    return (styp() if index % 6 == 0 else b"") + prft(time.time_ns()) + chunk(index * 30_000, samples)


async def serve(port_out: Connection) -> None:
    """The origin and a bare handler on one port; runs until it is killed."""
    gate: list[asyncio.Future[None]] = []

    async def bare(_request: web.Request) -> web.Response:
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        gate.append(answer)
        await answer
        return web.Response(body=bytes(2500), headers={"Cache-Control": "max-age=12"})

    async def open_gate(_request: web.Request) -> web.Response:
        waiting = gate.copy()
        gate.clear()
        now = time.monotonic_ns()
        for answer in waiting:
            answer.set_result(None)
        return web.json_response({"now": now, "woken": len(waiting)})

    async def held(_request: web.Request) -> web.Response:
        return web.json_response({"held": hub.held + len(gate)})

    clock = SystemClock()
    hub = OriginHub(Settings(), clock, WriteBehind(MemoryStore(clock), clock), Limits(return_s=60))
    app = web.Application(middlewares=[errors_to_problems])
    app.add_routes([*intake.routes(hub, "token"), *handlers.routes(hub)])
    app.add_routes([web.get("/bare", bare), web.get("/open", open_gate), web.get("/held", held)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
    port_out.send(runner.addresses[0][1])
    await asyncio.Event().wait()


def server_process(port_out: Connection) -> None:
    """Entry of the server's process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    asyncio.run(serve(port_out))


async def wait_held(http: aiohttp.ClientSession, base: str, count: int) -> None:
    """Until so many requests are held."""
    while True:
        async with http.get(f"{base}/held") as answer:
            if (await answer.json())["held"] >= count:
                return
        await asyncio.sleep(0.02)


async def arrival(http: aiohttp.ClientSession, url: str) -> int:
    """Ask; when was the whole body here? Monotonic nanoseconds."""
    async with http.get(url) as answer:
        await answer.read()
        assert answer.status == 200, (url, answer.status)
        return time.monotonic_ns()


async def rounds(base: str, viewers: int, count: int) -> dict[str, list[float]]:
    """Lateness in milliseconds of every viewer in every round, by what was asked for."""
    late: dict[str, list[float]] = {"bare handler, 2.5 KB": [], "playlist": [], "part, 80 KB": []}
    parts: asyncio.Queue[bytes] = asyncio.Queue()

    async def body() -> AsyncIterator[bytes]:
        yield video_init()
        while True:
            yield await parts.get()

    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(60)) as http:
        push = asyncio.create_task(
            http.post(f"{base}/cmaf/cat/s1/720p", data=body(), headers={"Authorization": "Bearer token"}).__aenter__()
        )
        index = 0
        for index in range(WARM_PARTS):
            parts.put_nowait(part(index))
        live = f"{base}/live/cat/s1/720p"
        while True:
            async with http.get(f"{live}/index.m3u8") as answer:
                if answer.status == 200:
                    break
            await asyncio.sleep(0.05)
        for _ in range(count):
            tasks = [asyncio.create_task(arrival(http, f"{base}/bare")) for _ in range(viewers)]
            await wait_held(http, base, viewers)
            async with http.get(f"{base}/open") as answer:
                opened = (await answer.json())["now"]
            late["bare handler, 2.5 KB"] += [(each - opened) / 1e6 for each in await asyncio.gather(*tasks)]
            for name in ("playlist", "part, 80 KB"):
                index += 1
                msn, number = divmod(index, 6)
                query = f"{live}/index.m3u8?_HLS_msn={msn}&_HLS_part={number}"
                url = query if name == "playlist" else f"{live}/p{index}.m4s"
                tasks = [asyncio.create_task(arrival(http, url)) for _ in range(viewers)]
                await wait_held(http, base, viewers)
                data = part(index)
                written = time.monotonic_ns()
                parts.put_nowait(data)
                late[name] += [(each - written) / 1e6 for each in await asyncio.gather(*tasks)]
        push.cancel()
        await asyncio.gather(push, return_exceptions=True)
    return late


def percentile(values: list[float], share: float) -> float:
    """The value below which this share lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    port_in, port_out = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=server_process, args=(port_out,), daemon=True)
    server.start()
    try:
        base = f"http://127.0.0.1:{port_in.recv()}"
        late = asyncio.run(rounds(base, options.viewers, options.rounds))
    finally:
        server.kill()
        server.join()
    figures = {name: {"p50_ms": percentile(v, 0.5), "p99_ms": percentile(v, 0.99)} for name, v in late.items()}
    print(f"{options.viewers} viewers, {options.rounds} rounds: lateness of the whole body, ms")
    for name, figure in figures.items():
        print(f"{name:24} p50 {figure['p50_ms']:7.1f}   p99 {figure['p99_ms']:7.1f}")
    if options.json:
        options.json.write_text(json.dumps({"viewers": options.viewers, "lateness": figures}, indent=2))


if __name__ == "__main__":
    main()
