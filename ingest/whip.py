"""Edge: WHIP, the publisher's HTTP (RFC 9725)."""

from aiohttp import web

from ingest.endpoint import Endpoint
from ingest.hub import IngestHub
from ingest.links import Protocol


def routes(hub: IngestHub) -> list[web.RouteDef]:
    """``/whip/{stream}`` and ``/whip/{stream}/{resource}``."""
    endpoint = Endpoint(hub, Protocol.WHIP, hub.publish)
    return endpoint.routes(web.head("/whip/{stream}", endpoint.describe))
