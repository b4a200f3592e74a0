"""Edge: the WebRTC client that `tandem publish` and `tandem probe` share: WHIP and WHEP signalling over aiortc."""

import asyncio
import json
import os
from functools import cache
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import urljoin, urlsplit

import aiohttp
import aioice.ice
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription

from infra.errors import TandemError

HTTP_TIMEOUT_S = 10.0
RETRY_S = 0.25
NOT_YET = {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE}  # of a stream that just starts
_MAX_REASON_CHARS = 200


class ClientFailed(TandemError):
    """The other side cannot be reached, refused, or went away; the sentence is for the person at the terminal."""


class Endpoint:
    """One WHIP or WHEP endpoint and the resource we have there; ``async with`` closes what it opened.

    Args:
        url: of the endpoint.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=HTTP_TIMEOUT_S))
        self._resource: str | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.close()

    async def offer(self, connection: RTCPeerConnection, patience_s: float = 0.0) -> None:
        """Offer the connection's transceivers and take the answer (RFC 9725 4.2).

        Args:
            connection: with its transceivers.
            patience_s: how long to offer again to a stream that is not live yet.

        Raises:
            ClientFailed: the endpoint cannot be reached or refuses; the sentence is the server's, if it said one.
        """
        await connection.setLocalDescription(await connection.createOffer())
        deadline_s = asyncio.get_running_loop().time() + patience_s
        while True:
            status, text = await self._post(connection.localDescription.sdp)
            if status == HTTPStatus.CREATED:
                break
            if status not in NOT_YET or asyncio.get_running_loop().time() >= deadline_s:
                raise ClientFailed(_refusal(status, text, self.url))
            await asyncio.sleep(RETRY_S)
        try:
            await connection.setRemoteDescription(RTCSessionDescription(text, "answer"))
        except Exception as error:  # whatever aiortc makes of a wrong answer
            raise ClientFailed(f"the answer of {urlsplit(self.url).netloc} cannot be used: {error!r}") from error

    async def _post(self, offer: str) -> tuple[int, str]:
        try:
            async with self.http.post(self.url, data=offer, headers={"Content-Type": "application/sdp"}) as response:
                location = response.headers.get("Location")
                if response.status == HTTPStatus.CREATED and location:
                    self._resource = urljoin(str(response.url), location)  # not ours if it redirected (RFC 9725 4.5)
                return response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise unreachable(self.url, error) from error

    async def leave(self) -> None:
        """Delete the resource; a server that is gone already does not mind."""
        if self._resource is not None:
            try:
                async with self.http.delete(self._resource):
                    pass
            except (aiohttp.ClientError, TimeoutError):
                pass
            self._resource = None


def new_connection() -> RTCPeerConnection:
    """A peer connection that asks no STUN server and can reach a node on this host's loopback."""
    _reach_loopback()
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


def check_url(url: str) -> None:
    """Check that it is one for HTTP.

    Raises:
        ValueError: it is not.
    """
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ValueError(f"URL {url[:80]!r} refused: it must start with http:// or https://")


def unreachable(url: str, error: Exception) -> ClientFailed:
    """The sentence for a request that got no answer."""
    host = urlsplit(url).netloc
    if isinstance(error, aiohttp.ClientConnectorError):
        reason = os.strerror(error.os_error.errno) if error.os_error.errno else str(error.os_error)
        return ClientFailed(f"cannot connect to {host}: {reason[:1].lower()}{reason[1:]}")
    if isinstance(error, TimeoutError):
        return ClientFailed(f"{host} did not answer in time")
    return ClientFailed(f"no answer from {host}: {str(error) or type(error).__name__}")


def _refusal(status: int, text: str, url: str) -> str:
    reason = _detail(text) or HTTPStatus(status).phrase.lower()
    if status == HTTPStatus.CONFLICT and "/whip" in url:
        return f"the stream name is in use: {reason}"
    return f"the server refused ({status}): {reason}"


def _detail(text: str) -> str:
    """The sentence of a problem document (RFC 9457), or nothing."""
    try:
        document = json.loads(text)
    except ValueError:
        return ""
    detail = document.get("detail", "") if isinstance(document, dict) else ""
    return str(detail)[:_MAX_REASON_CHARS]


@cache
def _reach_loopback() -> None:
    """Let ICE use 127.0.0.1, which aioice leaves out: a node bound to loopback is reached from nowhere else.

    This replaces a function of aioice in this process, which is a client and nothing else.
    """
    others = aioice.ice.get_host_addresses

    def with_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:  # noqa: FBT001  aioice's signature
        found = others(use_ipv4, use_ipv6)
        return [*found, "127.0.0.1"] if use_ipv4 else found

    aioice.ice.get_host_addresses = with_loopback
