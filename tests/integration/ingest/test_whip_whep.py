"""Publishers and viewers of other makers, over real sockets."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import generate_latest

from infra.ids import SessionId, StreamName
from ingest import metrics
from ingest.offer import IceCredentials
from support.eventually import eventually
from support.ingest_node import IngestNode, ingest_node
from support.manual_clock import ManualClock
from support.offers import FINGERPRINT
from support.stun_client import check_to
from support.webrtc_peers import publisher, session, use_loopback, viewer
from support.whip_muxer import whip_muxer
from transcoder.access_unit import Codec, Track


@pytest.fixture(autouse=True)
def _loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    use_loopback(monkeypatch)


@pytest.fixture
async def node() -> AsyncIterator[IngestNode]:
    async with ingest_node() as running:
        yield running
    assert running.udp.routes() == 0
    assert running.hub.snapshot() == []
    assert all(feed.finished for feed in running.feeds.feeds)
    await eventually(lambda: not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()])


def media_flows(node: IngestNode, units: int = 5) -> bool:
    return bool(node.feeds.feeds) and all(node.feeds.feeds[-1].count(track) >= units for track in Track)


async def test_ffmpeg_publishes_every_access_unit_and_ends_with_a_goodbye(node: IngestNode, tmp_path: Path) -> None:
    process = await whip_muxer(f"{node.url}/whip/film", 45, tmp_path)
    await eventually(lambda: media_flows(node))
    (stream,) = node.hub.snapshot()
    assert (stream.name, stream.state) == ("film", "live")
    assert {(track.kind, track.codec) for track in stream.tracks} == {("video", "H264"), ("audio", "OPUS")}
    assert await asyncio.wait_for(process.wait(), 20) == 0
    await eventually(lambda: not node.hub.snapshot())
    (feed,) = node.feeds.feeds
    assert (feed.count(Track.VIDEO), feed.count(Track.AUDIO)) == (45, 75)
    assert feed.units[0].key
    assert feed.finished
    assert node.opened == [(feed.stream, feed.session)]


async def test_aiortc_publishes_and_aiortc_views(node: IngestNode) -> None:
    async with publisher(f"{node.url}/whip/film") as source:
        await eventually(lambda: media_flows(node))
        assert {unit.codec for unit in node.feeds.feeds[0].units} == {Codec.H264, Codec.OPUS}
        async with viewer(f"{node.url}/whep/film") as watching:
            await eventually(lambda: min(watching.frames.values()) >= 10)
            assert node.hub.snapshot()[0].viewers == 1
            assert await watching.delete() == 200
            await eventually(lambda: node.hub.snapshot()[0].viewers == 0)
            assert await watching.delete() == 200
        assert await source.delete() == 200
        await eventually(lambda: not node.hub.snapshot())


async def test_viewers_are_told_when_the_publisher_says_goodbye(node: IngestNode) -> None:
    async with publisher(f"{node.url}/whip/film") as source:
        await eventually(lambda: media_flows(node))
        async with viewer(f"{node.url}/whep/film") as watching:
            await eventually(lambda: watching.frames["video"] >= 3)
            await source.delete()
            await eventually(lambda: watching.connection.connectionState == "closed")


async def test_closing_dtls_is_a_goodbye_and_its_late_delete_is_fine(node: IngestNode) -> None:
    async with publisher(f"{node.url}/whip/film") as source:
        await eventually(lambda: media_flows(node))
        await source.connection.close()
        await eventually(lambda: not node.hub.snapshot())
        assert await source.delete() == 200


async def test_sound_alone_and_pictures_alone_are_broadcasts_too(node: IngestNode) -> None:
    async with (
        publisher(f"{node.url}/whip/radio", video=False),
        publisher(f"{node.url}/whip/mute", audio=False),
    ):
        await eventually(lambda: len(node.feeds.feeds) == 2 and all(feed.units for feed in node.feeds.feeds))
        assert {feed.stream: feed.tracks for feed in node.feeds.feeds} == {
            "radio": {Track.AUDIO},
            "mute": {Track.VIDEO},
        }
        async with viewer(f"{node.url}/whep/radio") as watching:
            await eventually(lambda: watching.frames["audio"] >= 5)
            assert watching.frames["video"] == 0


async def test_viewers_watch_even_if_no_transcoder_starts(node: IngestNode) -> None:
    node.feeds.broken = True
    async with publisher(f"{node.url}/whip/film"):
        await eventually(lambda: [stream.state for stream in node.hub.snapshot()] == ["live"])
        async with viewer(f"{node.url}/whep/film") as watching:
            await eventually(lambda: min(watching.frames.values()) >= 5)


async def test_hostile_datagrams_do_not_disturb_a_session(node: IngestNode) -> None:
    async with publisher(f"{node.url}/whip/film"):
        await eventually(lambda: media_flows(node))
        feed = node.feeds.feeds[0]
        attack = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with attack:
            target = ("127.0.0.1", node.udp.port)
            for data in (
                b"",
                b"\x80" * 65_000,
                b"\x80\x60" + bytes(60),
                b"\x80\xc8" + bytes(60),
                b"\x16\xfe\xff" + bytes(100),
                bytes(range(256)),
                check_to(IceCredentials("nobody", "x" * 22)),
                *(bytes([first]) for first in range(256)),
            ):
                attack.sendto(data, target)
        seen = len(feed.units)
        await eventually(lambda: len(feed.units) > seen + 20)
        assert node.hub.snapshot()[0].state == "live"


async def test_garbage_from_the_peers_own_address_does_not_disturb_its_session(node: IngestNode) -> None:
    async with publisher(f"{node.url}/whip/film") as source:
        await eventually(lambda: media_flows(node))
        ice = source.connection.getSenders()[0].transport.transport
        close_notify = b"\x15\xfe\xfd\x00\x00\x00\x00\x00\x00\x00\x09\x00\x02\x01\x00"
        record = b"\x16\xfe\xfd" + bytes(8) + b"\x00\x40" + bytes(64)
        for data in (
            b"\x80",
            b"\x80\x60" + bytes(60),
            b"\x80\xc8" + bytes(60),
            record,
            close_notify,
            b"\x16",
            b"\xff" * 9,
        ):
            for _ in range(80):
                await ice._send(data)
        feed = node.feeds.feeds[0]
        seen = len(feed.units)
        await eventually(lambda: len(feed.units) > seen + 20)
        assert node.hub.snapshot()[0].state == "live"


async def test_a_publisher_that_invents_sources_without_end_is_held_to_a_bound(node: IngestNode) -> None:
    async with publisher(f"{node.url}/whip/film") as source:
        await eventually(lambda: media_flows(node))
        dtls = source.connection.getSenders()[0].transport
        refused = metrics.DATAGRAMS_DROPPED.labels("too many sources")
        before = refused._value.get()
        for ssrc in range(1, 601):
            await dtls._send_rtp(struct.pack("!BBHII", 0x80, 127, 1, 1, ssrc) + b"sound")
        await eventually(lambda: refused._value.get() >= before + 300)
        feed = node.feeds.feeds[0]
        seen = len(feed.units)
        await eventually(lambda: len(feed.units) > seen + 20)


async def test_series_of_streams_that_ended_do_not_pile_up(node: IngestNode) -> None:
    async with publisher(f"{node.url}/whip/once") as source:
        await eventually(lambda: media_flows(node))
        await eventually(lambda: 'tandem_ingest_rtp_packets_total{stream="once"' in generate_latest().decode())
        await source.delete()
        await eventually(lambda: not node.hub.snapshot())
    assert 'stream="once"' not in generate_latest().decode()


async def test_a_peer_whose_certificate_is_not_the_announced_one_is_refused(node: IngestNode) -> None:
    async with session() as impostor:
        impostor.connection.addTransceiver("audio", "sendonly")
        await impostor.offer(f"{node.url}/whip/film", fingerprint=FINGERPRINT)
        assert [stream.state for stream in node.hub.snapshot()] == ["starting"]
        await eventually(lambda: not node.hub.snapshot())
        # its side of the handshake succeeds; aiortc leaves tasks behind if it is closed in the middle
        await eventually(lambda: impostor.connection.connectionState == "connected")
    assert node.feeds.feeds == []


async def test_a_publisher_that_dies_is_awaited_and_its_return_continues_the_session(tmp_path: Path) -> None:
    clock = ManualClock()
    async with ingest_node(clock) as node:
        process = await whip_muxer(f"{node.url}/whip/film", 900, tmp_path)
        await eventually(lambda: media_flows(node))
        async with viewer(f"{node.url}/whep/film") as watching:
            await eventually(lambda: watching.frames["video"] >= 5)
            process.kill()
            await process.wait()
            await socket_is_quiet(node)
            before = node.hub.snapshot()[0].session

            node.hub.tick(clock.advance(7.9))
            assert node.hub.snapshot()[0].state == "live"
            hear_viewers(node, clock)
            node.hub.tick(clock.advance(0.1))
            await eventually(lambda: node.hub.snapshot()[0].state == "interrupted")
            assert node.hub.snapshot()[0].viewers == 1
            clock.advance(3.9)

            process = await whip_muxer(f"{node.url}/whip/film", 900, tmp_path)
            await eventually(lambda: node.hub.snapshot()[0].state == "live")
            seen = watching.frames["video"]
            await eventually(lambda: watching.frames["video"] >= seen + 10)
            assert (node.hub.snapshot()[0].state, node.hub.snapshot()[0].session) == ("live", before)
            assert len(node.feeds.feeds) == len(node.opened) == 1

            process.kill()
            await process.wait()
            await socket_is_quiet(node)
            clock.advance(8)
            hear_viewers(node, clock)
            node.hub.tick(clock.now_ns())
            await eventually(lambda: node.hub.snapshot()[0].state == "interrupted")
            node.hub.tick(clock.advance(4))
            assert node.hub.snapshot() == []
            await eventually(lambda: node.feeds.feeds[0].finished)
            await eventually(lambda: watching.connection.connectionState == "closed")


async def test_a_publisher_that_returns_with_other_tracks_begins_a_new_session(tmp_path: Path) -> None:
    clock = ManualClock()
    async with ingest_node(clock) as node:
        process = await whip_muxer(f"{node.url}/whip/film", 900, tmp_path)
        await eventually(lambda: media_flows(node))
        async with viewer(f"{node.url}/whep/film") as watching:
            await eventually(lambda: watching.frames["video"] >= 5)
            process.kill()
            await process.wait()
            await socket_is_quiet(node)
            clock.advance(3)
            async with publisher(f"{node.url}/whip/film", video=False):
                await eventually(lambda: len(node.feeds.feeds) == 2 and node.feeds.feeds[1].units)
                pictures, sound = node.feeds.feeds
                assert (pictures.tracks, sound.tracks) == (set(Track), {Track.AUDIO})
                await eventually(lambda: pictures.finished)
                assert node.opened == [(feed.stream, feed.session) for feed in (pictures, sound)]
                assert pictures.session != sound.session
                await eventually(lambda: watching.connection.connectionState == "closed")


def hear_viewers(node: IngestNode, clock: ManualClock) -> None:
    """What their next receiver report does, without waiting for it."""
    for broadcast in node.hub._broadcasts.values():
        for connection in broadcast.viewers:
            connection.alive(clock.now_ns())


async def socket_is_quiet(node: IngestNode) -> None:
    """Let the loop read what a dead peer had sent before."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_publisher_that_only_talks_rtcp_goodbye_ends_the_broadcast(node: IngestNode) -> None:
    async with publisher(f"{node.url}/whip/film") as source:
        await eventually(lambda: media_flows(node))
        for sender in source.connection.getSenders():
            await sender.stop()
        await eventually(lambda: not node.hub.snapshot())
        assert source.connection.connectionState in {"connected", "closed"}


async def test_an_ice_restart_moves_a_session_to_another_address(node: IngestNode) -> None:
    async with publisher(f"{node.url}/whip/film") as source, aiohttp.ClientSession() as client:
        await eventually(lambda: media_flows(node))
        fragment = "a=ice-ufrag:fresh\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\nm=video 9 RTP/AVP 0\r\na=mid:0\r\n"
        headers = {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": "*"}
        async with client.patch(source.resource, data=fragment, headers=headers) as response:
            assert response.status == 200
            assert response.content_type == "application/trickle-ice-sdpfrag"
            assert response.headers["ETag"].startswith('"')
            lines = dict(line.partition(":")[::2] for line in (await response.text()).splitlines())
        seen = len(node.feeds.feeds[0].units)
        await eventually(lambda: len(node.feeds.feeds[0].units) > seen + 10)
        fresh = IceCredentials(lines["a=ice-ufrag"], lines["a=ice-pwd"])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
            elsewhere.setblocking(False)
            elsewhere.bind(("127.0.0.1", 0))
            loop = asyncio.get_running_loop()
            await loop.sock_sendto(elsewhere, check_to(fresh), ("127.0.0.1", node.udp.port))
            reply = await asyncio.wait_for(loop.sock_recv(elsewhere, 1500), 5)
            assert reply[:2] == b"\x01\x01"
            (broadcast,) = node.hub._broadcasts.values()
            assert broadcast.publisher
            assert broadcast.publisher.connection.destination() == elsewhere.getsockname()


async def test_a_publisher_goes_on_with_the_session_that_waits_for_it(tmp_path: Path) -> None:
    waiting = {StreamName("film"): SessionId("before")}
    async with ingest_node(unfinished=waiting) as node:
        for session_is_the_old_one in (True, False):
            process = await whip_muxer(f"{node.url}/whip/film", 20, tmp_path)
            assert await asyncio.wait_for(process.wait(), 20) == 0
            await eventually(lambda: not node.hub.snapshot())
            assert (node.opened[-1] == ("film", "before")) is session_is_the_old_one
