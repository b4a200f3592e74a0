"""The whole chain in one process but for the worker: `publish` into a node, `probe` on both ways out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from infra.app import Node
from infra.probe_hls import probe_hls
from infra.probe_report import WhepReport
from infra.probe_whep import probe_whep
from infra.publish import Publisher
from infra.publish_source import PublishOptions, open_source
from infra.settings import Settings
from infra.webrtc_client import ClientFailed, Endpoint, new_connection
from support.eventually import eventually
from support.film import film_path


@contextlib.asynccontextmanager
async def publishing(node: Node, stream: str, source: str = "test", *, loop: bool = False) -> AsyncIterator[Publisher]:
    """A publisher in this process, for the length of a block."""
    options = PublishOptions(source, f"{node.base_url}/whip/{stream}", loop, None, (320, 180), None, 300)
    stopped = asyncio.Event()
    async with Endpoint(options.endpoint) as endpoint:
        publisher = Publisher(endpoint, await asyncio.to_thread(open_source, options), options)
        try:
            await publisher.connect()
            running = asyncio.create_task(publisher.run(stopped))
            try:
                yield publisher
            finally:
                stopped.set()
                await running
        finally:
            await publisher.close()


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    async with Node(Settings(port=0, udp_port=0, max_rungs=2)) as running:
        yield running


def looks_right(report: WhepReport) -> bool:
    assert report.video is not None
    assert report.audio is not None
    assert (report.video.codec, report.audio.codec) == ("H264", "OPUS")
    assert (report.video.width, report.video.height) == (320, 180)
    return report.problems == [] and report.video.frames > 20 and report.audio.frames > 40


async def test_the_pattern_comes_out_both_ways(node: Node) -> None:
    async with publishing(node, "pattern") as publisher:
        hls, whep = await asyncio.gather(
            probe_hls(f"{node.base_url}/live/pattern/index.m3u8", 2), probe_whep(f"{node.base_url}/whep/pattern", 2)
        )
        assert looks_right(whep)
        assert whep.latency_ms.p50 is not None
        assert publisher.clock.error_ms is not None
        assert whep.clock_error_ms is not None
        assert -5 - publisher.clock.error_ms - whep.clock_error_ms < whep.latency_ms.p50 < 1000
        assert hls.problems == []
        assert {each.kind for each in hls.renditions} == {"video", "audio"}
        assert hls.clock == "node"
        assert hls.latency_ms.p50 is not None
        assert 0 < hls.latency_ms.p50 < 5000
    with pytest.raises(ClientFailed, match="is not live"):
        await probe_hls(f"{node.base_url}/live/pattern/index.m3u8", 1)


async def test_a_film_with_surround_sound_is_looped_into_the_node(node: Node) -> None:
    async with publishing(node, "film", str(film_path()), loop=True):
        assert (await probe_whep(f"{node.base_url}/whep/film", 2)).problems == []


async def test_a_second_publisher_is_told_that_the_name_is_in_use(node: Node) -> None:
    async with publishing(node, "busy"):
        with pytest.raises(ClientFailed, match="the stream name is in use"):
            async with publishing(node, "busy"):
                pass


async def test_a_redirected_publisher_leaves_where_it_was_sent_to(node: Node) -> None:
    async def redirect(_request: web.Request) -> web.Response:
        raise web.HTTPTemporaryRedirect(f"{node.base_url}/whip/moved")

    app = web.Application()
    app.router.add_post("/whip/here", redirect)
    async with TestServer(app) as server, Endpoint(str(server.make_url("/whip/here"))) as endpoint:
        connection = new_connection()
        connection.addTransceiver("audio", "sendonly")
        await endpoint.offer(connection)
        await eventually(lambda: connection.connectionState == "connected")
        async with endpoint.http.get(f"{node.base_url}/api/streams") as response:
            assert [stream["name"] for stream in (await response.json())["streams"]] == ["moved"]
        await endpoint.leave()
        async with endpoint.http.get(f"{node.base_url}/api/streams") as response:
            assert (await response.json())["streams"] == []
        await connection.close()


async def test_a_publisher_that_is_to_give_up_at_once_learns_that_the_node_has_gone() -> None:
    async with Node(Settings(port=0, udp_port=0, max_rungs=1)) as node:
        options = PublishOptions("test", f"{node.base_url}/whip/lost", size=(320, 180), give_up_s=0)
        async with Endpoint(options.endpoint) as endpoint:
            publisher = Publisher(endpoint, await asyncio.to_thread(open_source, options), options)
            try:
                await publisher.connect()
                running = asyncio.create_task(publisher.run(asyncio.Event()))
                await node.stop()
                with pytest.raises(ClientFailed, match="the connection was lost"):
                    await running
            finally:
                await publisher.close()
