"""Edge: viewers' routes behind tokens: with a secret, they are served below ``/t/{token}`` only."""

from collections.abc import Iterable

from aiohttp import hdrs, web

from infra.clock import NS_PER_S, Clock
from infra.errors import Forbidden
from infra.http import Handler
from infra.ids import parse_stream_name
from infra.tokens import PREFIX, check_token, is_guarded

_LATE_METHODS = {hdrs.METH_DELETE, hdrs.METH_PATCH}  # of a WHEP connection that was let in: its id is a secret too


class Gate:
    """Lets viewers in.

    Args:
        secret: that tokens are signed with; empty: everybody is let in, and there are no tokens.
        clock: of the node.
    """

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def routes(self, routes: Iterable[web.RouteDef]) -> list[web.RouteDef]:
        """The same routes, those that viewers use guarded."""
        return [each for route in routes for each in self._guarded(route)]

    def _guarded(self, route: web.RouteDef) -> list[web.RouteDef]:
        if not self._secret or not is_guarded(route.path):
            return [route]
        path = f"{PREFIX}/{{token}}{route.path}"
        if route.method == hdrs.METH_OPTIONS:  # a preflight shows nothing and gives nothing away
            return [route, web.RouteDef(route.method, path, route.handler, route.kwargs)]
        return [
            web.RouteDef(route.method, route.path, _refuse, route.kwargs),
            web.RouteDef(route.method, path, self._admitting(route.handler), route.kwargs),
        ]

    def _admitting(self, handler: Handler) -> Handler:
        async def admit(request: web.Request) -> web.StreamResponse:
            token, stream = request.match_info["token"], parse_stream_name(request.match_info["stream"])
            now_s = None if request.method in _LATE_METHODS else self._clock.now_ns() // NS_PER_S
            check_token(self._secret, stream, token, now_s)
            response = await handler(request)
            if location := response.headers.get(hdrs.LOCATION):
                response.headers[hdrs.LOCATION] = f"{PREFIX}/{token}{location}"
            return response

        return admit


async def _refuse(request: web.Request) -> web.StreamResponse:
    stream = parse_stream_name(request.match_info["stream"])
    raise Forbidden(f"stream {stream} is for viewers with a token: ask for a path that begins with {PREFIX}/")
