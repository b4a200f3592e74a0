"""Programs as users run them: started, watched line by line, ended by pid."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[2]
TANDEM = Path(sys.executable).with_name("tandem")
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 20.0
SHOWN_LINES = 200  # of what a program said, when its test fails


def children(pid: int) -> list[int]:
    """Process ids of the direct children, in the order they were started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def command_line(pid: int) -> bytes:
    """How a process was started, words separated by NUL; empty if it has ended meanwhile."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that was free a moment ago on loopback."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Program:
    """A running program and what it has said on stderr and stdout so far."""

    process: asyncio.subprocess.Process
    lines: list[str] = field(default_factory=list)
    _said: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def read(self, stream: asyncio.StreamReader) -> None:
        """Collect lines until the stream ends."""
        async for raw in stream:
            async with self._said:
                self.lines.append(raw.decode(errors="replace").rstrip())
                self._said.notify_all()

    async def says(self, wanted: Callable[[str], bool], timeout_s: float = START_TIMEOUT_S) -> str:
        """The first line, past or to come, that is wanted; fails with everything that was said."""
        try:
            async with asyncio.timeout(timeout_s), self._said:
                while True:
                    for line in self.lines:
                        if wanted(line):
                            return line
                    await self._said.wait()
        except TimeoutError:
            said = "\n".join(self.lines[-60:])
            raise AssertionError(f"not said within {timeout_s} s; the program said:\n{said}") from None

    def events(self) -> list[dict[str, Any]]:
        """The JSON log lines."""
        return [json.loads(line) for line in self.lines if line.startswith("{")]

    async def ended(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Its exit code, once it has ended by itself."""
        async with asyncio.timeout(timeout_s):
            return await self.process.wait()


@asynccontextmanager
async def running(*command: str | Path, env: dict[str, str] | None = None) -> AsyncIterator[Program]:
    """A program that runs inside the block; interrupted at its end, killed if that does not help."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **(env or {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    program = Program(process)
    readers = [asyncio.create_task(program.read(stream)) for stream in (process.stdout, process.stderr)]
    try:
        yield program
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        await asyncio.gather(*readers)
        if "PYTEST_CURRENT_TEST" in os.environ:  # shown of tests that fail
            sys.stdout.write("\n  ".join([*map(str, command), "said:", *program.lines[-SHOWN_LINES:], "\n"]))


@dataclass(frozen=True)
class NodeProcess:
    """A `tandem serve` and where it listens."""

    program: Program
    base_url: str
    udp_port: int

    @property
    def pid(self) -> int:
        """Of the node; its workers are its children."""
        return self.program.process.pid

    def whip(self, stream: str) -> str:
        """WHIP endpoint of a stream."""
        return f"{self.base_url}/whip/{stream}"

    def whep(self, stream: str) -> str:
        """WHEP endpoint of a stream."""
        return f"{self.base_url}/whep/{stream}"

    def hls(self, stream: str) -> str:
        """Multivariant playlist of a stream."""
        return f"{self.base_url}/live/{stream}/index.m3u8"


@asynccontextmanager
async def node(*options: str, again: NodeProcess | None = None) -> AsyncIterator[NodeProcess]:
    """A node of its own, on free ports or those of one that is gone, with JSON logs."""
    if again is None:
        port, udp_port = free_port(), free_port(socket.SOCK_DGRAM)
    else:
        port, udp_port = int(again.base_url.rpartition(":")[2]), again.udp_port
    command: tuple[str | Path, ...] = (
        TANDEM,
        "serve",
        "--port",
        str(port),
        "--udp-port",
        str(udp_port),
        "--log-format",
        "json",
        *options,
    )
    async with running(*command) as program:
        await program.says(lambda line: str(port) in line)
        yield NodeProcess(program, f"http://127.0.0.1:{port}", udp_port)


def publishing(source: str | Path, endpoint: str, *options: str) -> AbstractAsyncContextManager[Program]:
    """`tandem publish SOURCE --to ENDPOINT` for the length of a block."""
    return running(TANDEM, "publish", source, "--to", endpoint, *options)


async def obeyed(serving: NodeProcess) -> None:
    """The node has found no playlist of its own that breaks a rule; a node that has gone cannot be asked."""
    if serving.program.process.returncode is not None:
        return
    async with aiohttp.ClientSession() as http, http.get(f"{serving.base_url}/metrics") as answer:
        assert "tandem_origin_playlist_violations_total 0.0" in (await answer.text()).splitlines()
