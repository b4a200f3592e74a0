"""Edge: the HTTP that WHIP and WHEP share: an endpoint that takes offers, and a resource for each accepted one."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from aiohttp import hdrs, web
from multidict import CIMultiDict

from infra.http import CORS_HEADERS, read_body, require_media_type
from infra.ids import StreamName, parse_stream_name
from ingest import fragment
from ingest.errors import SdpMalformed
from ingest.hub import Accepted, IngestHub
from ingest.ice_servers import ice_server_links
from ingest.links import Protocol, resource_path
from ingest.sdp import MAX_SDP_CHARS

SDP = "application/sdp"
_BODY_TIMEOUT_S = 10  # of a few kilobytes; a client that drips them holds a connection
_PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
    "Access-Control-Max-Age": "86400",
}


class Endpoint:
    """One of the two protocols over the hub.

    Args:
        hub: does the work.
        protocol: WHIP or WHEP.
        accept: the hub's method that takes an offer.
    """

    def __init__(self, hub: IngestHub, protocol: Protocol, accept: Callable[[StreamName, str], Accepted]) -> None:
        self._hub = hub
        self._protocol = protocol
        self._accept = accept

    async def post(self, request: web.Request) -> web.Response:
        """An offer: 201 with the answer (RFC 9725 4.2, draft-ietf-wish-whep 4.3.1)."""
        stream = _stream(request)
        require_media_type(request, SDP)
        accepted = self._accept(stream, await _text(request))
        headers = self._headers(links=True)
        headers[hdrs.LOCATION] = resource_path(self._protocol, stream, accepted.resource_id)
        headers[hdrs.ETAG] = accepted.etag
        headers[hdrs.CONTENT_TYPE] = SDP
        return web.Response(status=HTTPStatus.CREATED, body=accepted.answer.encode(), headers=headers)

    async def describe(self, request: web.Request) -> web.Response:
        """GET: 204, for there is nothing to read (RFC 9725 4.1)."""
        _stream(request)
        return web.Response(status=HTTPStatus.NO_CONTENT, headers=self._headers())

    async def options(self, request: web.Request) -> web.Response:
        """What can be posted; the ICE servers too, unless a browser asks for CORS (RFC 9725 4.2, 4.6)."""
        _stream(request)
        preflight = "Access-Control-Request-Method" in request.headers
        headers = self._headers(links=not preflight)
        headers.update(_PREFLIGHT_HEADERS)
        headers["Access-Control-Allow-Methods"] = "POST, GET, HEAD, OPTIONS"
        headers["Accept-Post"] = SDP
        return web.Response(headers=headers)

    async def describe_resource(self, request: web.Request) -> web.Response:
        """GET of a resource: 204."""
        self._hub.require_resource(self._protocol, *_resource(request))
        return web.Response(status=HTTPStatus.NO_CONTENT, headers=self._headers())

    async def resource_options(self, request: web.Request) -> web.Response:
        """What can be done with a resource; also after it has ended, for the preflight of a late DELETE."""
        _stream(request)
        headers = self._headers()
        headers.update(_PREFLIGHT_HEADERS)
        headers["Access-Control-Allow-Methods"] = "DELETE, PATCH, GET, OPTIONS"
        headers["Accept-Patch"] = fragment.MEDIA_TYPE
        return web.Response(headers=headers)

    async def patch(self, request: web.Request) -> web.Response:
        """A trickle fragment: 204 for candidates, 200 for an ICE restart (RFC 9725 4.3)."""
        stream, resource_id = _resource(request)
        self._hub.require_resource(self._protocol, stream, resource_id)
        require_media_type(request, fragment.MEDIA_TYPE)
        text = await _text(request)
        restarted = self._hub.patch(self._protocol, stream, resource_id, request.headers.get(hdrs.IF_MATCH), text)
        if restarted is None:
            return web.Response(status=HTTPStatus.NO_CONTENT, headers=self._headers())
        headers = self._headers()
        headers[hdrs.ETAG] = restarted.etag
        headers[hdrs.CONTENT_TYPE] = fragment.MEDIA_TYPE
        return web.Response(body=restarted.fragment.encode(), headers=headers)

    async def delete(self, request: web.Request) -> web.Response:
        """The end of the connection: 200, also if it had ended already."""
        self._hub.delete(self._protocol, *_resource(request))
        return web.Response(headers=self._headers())

    def routes(self, *more: web.RouteDef) -> list[web.RouteDef]:
        """All routes; ``more`` are those only one protocol has."""
        endpoint = f"/{self._protocol.value}/{{stream}}"
        resource = f"{endpoint}/{{resource}}"
        return [
            web.post(endpoint, self.post),
            web.get(endpoint, self.describe, allow_head=False),
            web.options(endpoint, self.options),
            web.get(resource, self.describe_resource),
            web.options(resource, self.resource_options),
            web.patch(resource, self.patch),
            web.delete(resource, self.delete),
            *more,
        ]

    def _headers(self, *, links: bool = False) -> CIMultiDict[str]:
        headers = CIMultiDict(CORS_HEADERS)
        headers[hdrs.CACHE_CONTROL] = "no-store"
        if links:
            for link in ice_server_links(self._hub.ice_servers):
                headers.add(hdrs.LINK, link)
        return headers


async def _text(request: web.Request) -> str:
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            return (await read_body(request, MAX_SDP_CHARS)).decode()
    except TimeoutError as error:
        raise SdpMalformed(f"body refused: it was not whole after {_BODY_TIMEOUT_S} s") from error
    except (web.RequestPayloadError, ConnectionError) as error:
        raise SdpMalformed("body refused: it broke off, or is not what its Content-Encoding says") from error
    except UnicodeDecodeError as error:
        raise SdpMalformed("body refused: it is not UTF-8") from error


def _stream(request: web.Request) -> StreamName:
    return parse_stream_name(request.match_info["stream"])


def _resource(request: web.Request) -> tuple[StreamName, str]:
    return _stream(request), request.match_info["resource"]
