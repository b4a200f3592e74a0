"""A node in this process: starts on free ports, answers, and leaves nothing behind."""

import asyncio
import os
import socket
from pathlib import Path

import aiohttp
import pytest

from infra.app import Node
from infra.listening import CannotListen
from infra.settings import Settings
from origin.errors import RetentionRefused
from origin.storage.errors import StoreMisconfigured
from support.eventually import eventually
from support.manual_clock import ManualClock


def settings(**options: object) -> Settings:
    return Settings.model_validate({"port": 0, "udp_port": 0, **options})


async def get(url: str) -> tuple[int, str, dict[str, str]]:
    async with aiohttp.ClientSession() as http, http.get(url) as response:
        return response.status, await response.text(), {str(name): value for name, value in response.headers.items()}


def open_sockets() -> set[str]:
    links = [path for path in Path("/proc/self/fd").iterdir() if path.is_symlink()]
    return {target for path in links if (target := _target(path)).startswith("socket:")}


def _target(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:  # the folder's own
        return ""


async def test_a_node_listens_where_it_says_and_leaves_no_socket() -> None:
    before = open_sockets()
    async with Node(settings()) as node:
        assert node.http_port
        assert node.udp_port
        assert node.base_url == f"http://127.0.0.1:{node.http_port}"
        assert (await get(f"{node.base_url}/healthz"))[0] == 200
        assert (await get(f"{node.base_url}/readyz"))[0] == 200
    assert open_sockets() <= before


async def test_a_node_can_be_started_again_on_the_same_ports() -> None:
    async with Node(settings()) as first:
        ports = {"port": first.http_port, "udp_port": first.udp_port}
        await get(f"{first.base_url}/healthz")
    async with Node(settings(**ports)) as second:
        assert second.http_port == ports["port"]


@pytest.mark.parametrize("host", ["::1", "localhost", "0.0.0.0", "::"])
async def test_it_is_reached_at_its_own_url_whatever_it_is_bound_to(host: str) -> None:
    async with Node(settings(host=host)) as node:
        assert (await get(f"{node.base_url}/healthz"))[0] == 200


@pytest.mark.parametrize(("kind", "option"), [(socket.SOCK_STREAM, "port"), (socket.SOCK_DGRAM, "udp_port")])
async def test_a_port_in_use_is_one_sentence_with_the_flag_that_helps(kind: socket.SocketKind, option: str) -> None:
    before = open_sockets()
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            CannotListen, match=rf"port {port} of 127\.0\.0\.1 is in use; .* --{option.replace('_', '-')}"
        ):
            await Node(settings(**{option: port})).start()
    assert open_sockets() <= before


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_an_address_that_is_not_ours_is_one_sentence(host: str) -> None:
    with pytest.raises(CannotListen, match="cannot listen on TCP port"):
        await Node(settings(host=host)).start()


async def test_the_time_is_that_of_the_node_s_clock() -> None:
    clock = ManualClock()
    async with Node(settings(), clock) as node:
        status, text, headers = await get(f"{node.base_url}/api/time")
    assert status == 200
    assert text == '{"now_ms": 1700000000000.0}'
    assert headers["Cache-Control"] == "no-store"


async def test_the_pages_learn_what_they_need() -> None:
    async with (
        Node(settings(profile="ultra", ice_servers=["stun:stun.example:3478"])) as node,
        aiohttp.ClientSession(node.base_url) as http,
        http.get("/api/config") as response,
    ):
        config = await response.json()
        assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert config["profile"] == "ultra"
    assert config["part_hold_back_s"] == pytest.approx(3 * config["part_target_s"], abs=1e-4)
    assert config["target_duration_s"] == 1
    assert config["ice_servers"] == [{"urls": ["stun:stun.example:3478"]}]


async def test_a_stream_that_is_not_live_is_a_404_with_a_problem_document() -> None:
    async with Node(settings()) as node, aiohttp.ClientSession(node.base_url) as http:
        async with http.get("/api/streams") as response:
            assert await response.json() == {"streams": []}
        async with http.get("/api/streams/film") as response:
            assert response.status == 404
            assert response.content_type == "application/problem+json"
            assert (await response.json())["detail"] == "stream film is not live"
        async with http.get("/api/streams/..%2f") as response:
            assert response.status == 400


async def test_metrics_are_those_of_all_stages() -> None:
    async with Node(settings()) as node:
        status, text, headers = await get(f"{node.base_url}/metrics")
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    for name in ("tandem_build_info{", "tandem_loop_lag_seconds_bucket", "tandem_ingest_", "tandem_origin_"):
        assert name in text
    assert "tandem_transcoder_" in text


async def test_a_push_needs_the_node_s_own_token() -> None:
    async with Node(settings()) as node, aiohttp.ClientSession(node.base_url) as http:
        for headers in ({}, {"Authorization": "Bearer guess"}):
            async with http.post("/cmaf/film/s1/720p", headers=headers, data=b"x") as response:
                assert response.status == 401


async def test_a_node_that_stops_is_not_ready_and_takes_no_publisher() -> None:
    async with Node(settings()) as node:
        stopping = asyncio.create_task(node.stop())
        try:
            async with aiohttp.ClientSession(node.base_url) as http:
                async with http.get("/readyz") as response:
                    assert response.status == 503
                    assert (await response.json())["detail"] == "the node is shutting down"
                async with http.post(
                    "/whip/film", data="v=0\r\n", headers={"Content-Type": "application/sdp"}
                ) as response:
                    assert response.status == 503
        finally:
            await stopping


async def test_a_start_that_fails_late_leaves_nothing(tmp_path: Path) -> None:
    before = open_sockets()
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreMisconfigured, match="a part of the path is a file"):
        await Node(settings(storage=f"file:{tmp_path}/file/below")).start()
    assert open_sockets() <= before


async def test_a_retention_rule_that_means_nothing_ends_the_start() -> None:
    with pytest.raises(RetentionRefused, match="retention rule 'cat=never' refused"):
        await Node(settings(retention=("cat=never",))).start()


async def test_a_node_deletes_what_its_rules_say(tmp_path: Path) -> None:
    old, foreign = (tmp_path / "cat/s1/720p" / name for name in ("s0.m4s", "notes.txt"))
    other = tmp_path / "dog/s1/720p/s0.m4s"
    for file in (old, foreign, other):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
        os.utime(file, (0, 0))
    async with Node(settings(storage=f"file:{tmp_path}", retention=("dog=forever", "*=1h"))):
        await eventually(lambda: not old.exists())
    assert foreign.exists()
    assert other.exists()
