"""Edge: WHEP, the viewer's HTTP (draft-ietf-wish-whep).

An offer that does not fit the stream is refused with 422: no player is known to understand the draft's counter-offer.
"""

from aiohttp import hdrs, web

from infra.http import CORS_HEADERS
from infra.ids import parse_stream_name
from ingest.endpoint import SDP, Endpoint
from ingest.hub import IngestHub
from ingest.links import Protocol


async def discover(request: web.Request) -> web.Response:
    """HEAD: this is a WHEP endpoint (draft-ietf-wish-whep 4.2)."""
    parse_stream_name(request.match_info["stream"])
    return web.Response(headers={**CORS_HEADERS, hdrs.CONTENT_TYPE: SDP, hdrs.CACHE_CONTROL: "no-store"})


def routes(hub: IngestHub) -> list[web.RouteDef]:
    """``/whep/{stream}`` and ``/whep/{stream}/{resource}``."""
    return Endpoint(hub, Protocol.WHEP, hub.view).routes(web.head("/whep/{stream}", discover))
