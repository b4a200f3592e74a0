"""Edge: CMAF ingest over HTTP: one long POST a rendition, body read as it comes (DASH-IF Live Media Ingest 5)."""

import asyncio
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientPayloadError, hdrs, web

from infra import errors
from infra.http import CORS_HEADERS
from infra.ids import parse_rendition_name, parse_session_id, parse_stream_name
from origin import metrics
from origin.cmaf_reader import CmafReader
from origin.errors import SessionOver
from origin.hub import OriginHub, Push

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

PATH = "/cmaf/{stream}/{session}/{rendition}"
SILENCE_S = 10.0  # a push that sends nothing for so long is broken, whatever TCP believes

_log: "FilteringBoundLogger" = structlog.get_logger("origin.intake")


def routes(hub: OriginHub, push_token: str, silence_s: float = SILENCE_S) -> list[web.RouteDef]:
    """POST and PUT of a rendition.

    Args:
        hub: takes what is pushed.
        push_token: the one that workers were given.
        silence_s: how long a push may send nothing.
    """
    intake = _Intake(hub, push_token, silence_s)
    return [web.post(PATH, intake.push), web.put(PATH, intake.push)]


class _Intake:
    """The handler of pushes."""

    def __init__(self, hub: OriginHub, push_token: str, silence_s: float) -> None:
        self._hub = hub
        self._silence_s = silence_s
        self._authorization = f"Bearer {push_token}".encode()

    async def push(self, request: web.Request) -> web.Response:
        """Feed a rendition until the body ends, cleanly or not.

        Raises:
            Unauthorized: the token is missing or wrong.
            CmafRefused: the body is not what this server takes.
            SessionOver: the session has ended.
        """
        self._authorise(request)
        stream = parse_stream_name(request.match_info["stream"])
        session = parse_session_id(request.match_info["session"])
        rendition = parse_rendition_name(request.match_info["rendition"])
        log = _log.bind(stream=stream, session=session, rendition=rendition)
        push = self._hub.attach(stream, session, rendition, _abort(request))
        log.info("push began")
        clean = False
        try:
            await self._read(request, push, metrics.PUSHED_BYTES.labels(stream).inc)
            clean = True
        except errors.PeerError as error:
            if push.attached:
                metrics.REFUSED.labels(stream).inc()
                log.warning("push refused", why=str(error))
            raise
        except (ConnectionError, ClientPayloadError, web.RequestPayloadError, TimeoutError) as error:
            if not push.attached:
                raise SessionOver("push ended: its session is over, or a newer push replaced it") from error
            log.warning("push broke off", why=repr(error))
            push.on_dropped()  # or the server would wait for the rest of the body
            raise errors.BadRequest("push broke off before its end") from error
        finally:
            self._hub.detach(push, clean=clean)
        log.info("push ended")
        return web.Response(headers=CORS_HEADERS)

    def _authorise(self, request: web.Request) -> None:
        given = request.headers.get(hdrs.AUTHORIZATION, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._authorization):
            raise errors.Unauthorized("push refused: send the push token as Authorization: Bearer")

    async def _read(self, request: web.Request, push: Push, count: Callable[[float], None]) -> None:
        """Read the body to its end; TCP slows the pusher down while this does not ask for more."""
        reader = CmafReader()
        while True:
            async with asyncio.timeout(self._silence_s):
                data = await request.content.readany()
            if not data:
                break
            count(len(data))
            push.take(reader.feed(data))
        reader.finish()


def _abort(request: web.Request) -> Callable[[], None]:
    """Breaks a request's connection, so that whoever reads its body is told at once."""

    def abort() -> None:
        if request.transport is not None:
            request.transport.abort()

    return abort
