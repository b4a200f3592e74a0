"""`/api/streams/{stream}/timeline`: what a node tells of its pictures, whatever they are coded in."""

import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiortc import RTCRtpSender

from infra.app import Node
from infra.settings import Settings
from support.webrtc_peers import MovingPicture, session, use_loopback

IN_NODE = ["capture_ms", "first_packet_ms", "last_packet_ms", "released_ms", "forwarded_ms"]
IN_WORKER = ["received_ms", "decoded_ms", "placed_ms"]
OF_A_PART = ["closed_ms", "pushed_ms", "listed_ms"]
ESTIMATE_MS = 1000.0  # how far a capture instant may be off while it is estimated from arrival


@pytest.fixture
async def node() -> AsyncIterator[Node]:
    async with Node(Settings(port=0, udp_port=0, max_rungs=2)) as running:
        yield running


def whole(document: dict[str, Any]) -> dict[str, Any] | None:
    """A picture of which all is known, with its part of each rung, if there is one."""
    for picture in document["pictures"]:
        rungs = picture["coded_ms"]
        if picture["received_ms"] is None or not rungs:
            continue
        parts = {name: part_of(picture, document["parts"][name]) for name in rungs}
        if None not in parts.values():
            return {**picture, "parts": parts}
    return None


async def first_whole(http: aiohttp.ClientSession) -> tuple[dict[str, Any], float]:
    """A picture that has passed every stage, and when the node told of it."""
    while True:
        async with http.get("/api/streams/film/timeline") as response:
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            document = await response.json()
        if (picture := whole(document)) is not None:
            return picture, document["now_ms"]


def part_of(picture: dict[str, Any], parts: list[dict[str, Any]]) -> dict[str, Any] | None:
    for part in parts:
        if None not in part.values() and 0 <= picture["grid_ms"] - part["start_ms"] + 1 < part["duration_ms"]:
            return part
    return None


@pytest.mark.parametrize("codec", ["H264", "VP8"])
async def test_a_picture_is_seen_passing_every_stage_in_order(
    node: Node, codec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_loopback(monkeypatch)
    async with session() as publisher, aiohttp.ClientSession(node.base_url) as http:
        coders = RTCRtpSender.getCapabilities("video").codecs
        transceiver = publisher.connection.addTransceiver(MovingPicture(), "sendonly")
        transceiver.setCodecPreferences([each for each in coders if each.mimeType == f"video/{codec}"])
        await publisher.offer(f"{node.base_url}/whip/film")
        picture, told_ms = await first_whole(http)
        instants = [picture[name] for name in IN_NODE + IN_WORKER]
        assert instants[1:] == sorted(instants[1:])
        assert abs(instants[1] - instants[0]) < ESTIMATE_MS
        assert abs(picture["grid_ms"] - picture["capture_ms"]) <= 1000 / 30 + 1
        for name, coded_ms in picture["coded_ms"].items():
            times = [picture["placed_ms"], coded_ms, *(picture["parts"][name][each] for each in OF_A_PART)]
            assert times == sorted(times)
            assert times[-1] <= told_ms <= time.time() * 1000 + 1
        async with http.get(f"/api/streams/film/timeline?after_ms={picture['capture_ms']}") as response:
            later = await response.json()
        assert all(each["capture_ms"] >= picture["capture_ms"] for each in later["pictures"])
        async with http.get("/api/streams/film/timeline?after_ms=yesterday") as response:
            assert response.status == 400


async def test_a_stream_that_is_not_live_has_none(node: Node) -> None:
    async with aiohttp.ClientSession(node.base_url) as http, http.get("/api/streams/film/timeline") as response:
        document = await response.json()
        assert (document["session"], document["pictures"], document["parts"]) == (None, [], {})
