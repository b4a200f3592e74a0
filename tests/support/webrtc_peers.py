"""aiortc as publisher and as viewer: the whole stack of somebody else, at both ends."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction

import aiohttp
import aioice.ice
import av
import numpy as np
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack


def use_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let aiortc gather 127.0.0.1, which it leaves out."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


class MovingPicture(VideoStreamTrack):
    """Small pictures that change, 30 a second."""

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        picture = av.VideoFrame.from_ndarray(np.full((96, 160, 3), pts // 3000 % 255, np.uint8), format="rgb24")
        picture.pts, picture.time_base = pts, Fraction(time_base)
        return picture


class Session:
    """One WHIP or WHEP session of a client."""

    def __init__(self, client: aiohttp.ClientSession, connection: RTCPeerConnection) -> None:
        self.client = client
        self.connection = connection
        self.resource = ""
        self.tracks: list[MediaStreamTrack] = []
        self.frames: dict[str, int] = {"video": 0, "audio": 0}
        self.connection.on("track", self._on_track)
        self._readers: list[asyncio.Task[None]] = []

    def _on_track(self, track: MediaStreamTrack) -> None:
        self.tracks.append(track)
        self._readers.append(asyncio.ensure_future(self._read(track)))

    async def _read(self, track: MediaStreamTrack) -> None:
        while track.readyState == "live":
            try:
                await track.recv()
            except Exception:  # noqa: BLE001  aiortc's way to say that the track is over
                return
            self.frames[track.kind] += 1

    async def offer(self, url: str, *, fingerprint: str | None = None) -> None:
        """Post the offer, perhaps with the fingerprint of another certificate; take the answer."""
        await self.connection.setLocalDescription(await self.connection.createOffer())
        text = self.connection.localDescription.sdp
        if fingerprint is not None:
            text = re.sub(r"(?<=a=fingerprint:sha-256 )\S+", fingerprint, text)
        async with self.client.post(url, data=text, headers={"Content-Type": "application/sdp"}) as response:
            text = await response.text()
            assert response.status == 201, text
            self.resource = str(response.url.with_path(response.headers["Location"]))
        await self.connection.setRemoteDescription(RTCSessionDescription(text, "answer"))

    async def delete(self) -> int:
        """Say goodbye over HTTP."""
        async with self.client.delete(self.resource) as response:
            return response.status

    async def close(self) -> None:
        """Close DTLS and stop reading."""
        await self.connection.close()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


@asynccontextmanager
async def session() -> AsyncIterator[Session]:
    """A client that is cleaned up."""
    async with aiohttp.ClientSession() as client:
        one = Session(client, RTCPeerConnection(RTCConfiguration(iceServers=[])))
        try:
            yield one
        finally:
            await one.close()


@asynccontextmanager
async def publisher(url: str, *, video: bool = True, audio: bool = True) -> AsyncIterator[Session]:
    """An aiortc publisher of small moving pictures and silence."""
    async with session() as one:
        if video:
            one.connection.addTransceiver(MovingPicture(), "sendonly")
        if audio:
            one.connection.addTransceiver(AudioStreamTrack(), "sendonly")
        await one.offer(url)
        yield one


@asynccontextmanager
async def viewer(url: str) -> AsyncIterator[Session]:
    """An aiortc viewer that decodes and counts."""
    async with session() as one:
        one.connection.addTransceiver("video", "recvonly")
        one.connection.addTransceiver("audio", "recvonly")
        await one.offer(url)
        yield one
