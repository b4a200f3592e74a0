"""`tandem serve` as a process: what it says, and how it ends."""

import asyncio
import signal
import socket
from pathlib import Path

import aiohttp

from infra.app import FILES
from support.processes import TANDEM, node, running


async def test_it_says_where_it_listens_and_ends_at_sigterm_with_0() -> None:
    async with node() as serving:
        async with aiohttp.ClientSession(serving.base_url) as http, http.get("/healthz") as response:
            assert response.status == 200
        serving.program.process.send_signal(signal.SIGTERM)
        assert await serving.program.ended() == 0
    events = serving.program.events()
    (listening,) = [event for event in events if event["event"] == "listening"]
    assert (listening["url"], listening["udp_port"]) == (serving.base_url, serving.udp_port)
    assert [event["event"] for event in events][-2:] == ["stopping", "stopped"]


async def test_an_interrupt_ends_it_too() -> None:
    async with node() as serving:
        serving.program.process.send_signal(signal.SIGINT)
        assert await serving.program.ended() == 0


async def test_a_port_in_use_is_one_line_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with running(TANDEM, "serve", "--port", str(port), "--udp-port", "0") as program:
            assert await program.ended() == 1
    assert program.lines == [f"tandem: TCP port {port} of 127.0.0.1 is in use; choose another one with --port"]


async def test_bound_to_all_addresses_it_warns() -> None:
    async with running(
        *(TANDEM, "serve", "--host", "0.0.0.0", "--port", "0", "--udp-port", "0", "--log-format", "json")
    ) as program:
        await program.says(lambda line: "everybody who reaches this host can publish and watch" in line)


async def test_without_a_desktop_open_prints_the_url() -> None:
    nowhere = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
    async with running(TANDEM, "serve", "--port", "0", "--udp-port", "0", "--open", env=nowhere) as program:
        said = await program.says(lambda line: line.strip().startswith("Open http://127.0.0.1:"))
        assert "in a browser" in said


async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with node("--storage", f"file:{tmp_path}") as serving, aiohttp.ClientSession(serving.base_url) as http:
        async with http.get("/healthz"):  # a connection that is open, so that the node waits a moment for players
            pass
        serving.program.process.send_signal(signal.SIGTERM)
        await serving.program.says(lambda line: "stopping" in line)
        serving.program.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await serving.program.process.wait() == -signal.SIGTERM


async def test_a_low_limit_of_open_files_is_raised_as_far_as_the_host_allows() -> None:
    command = f"ulimit -Sn 256; exec {TANDEM} serve --port 0 --udp-port 0"
    async with running("sh", "-c", command) as program:
        await program.says(lambda line: "listening" in line)
        limits = Path(f"/proc/{program.process.pid}/limits").read_text()
    (files,) = [line.split()[3:5] for line in limits.splitlines() if line.startswith("Max open files")]
    assert int(files[0]) == min(FILES, int(files[1]))
