"""Edge: CMAF ingest over HTTP: one long POST a rendition, body read as it comes (DASH-IF Live Media Ingest 5).

Our workers name the session they push into; a foreign encoder, which knows none, names the stream and the rendition.
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import structlog
from aiohttp import ClientPayloadError, HttpVersion11, hdrs, web

from infra import errors
from infra.credentials import same_secret, secret_shown
from infra.http import CORS_HEADERS, problem
from infra.ids import SESSION_BYTES, StreamName, parse_rendition_name, parse_session_id, parse_stream_name
from origin import metrics
from origin.cmaf_reader import CmafReader, Event
from origin.entry import Push
from origin.errors import SessionOver
from origin.hub import OriginHub

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

PATH = "/cmaf/{stream}/{session}/{rendition}"
FOREIGN_PATH = "/cmaf/{stream}/{rendition}"
SILENCE_S = 10.0  # a push that sends nothing for so long is broken, whatever TCP believes
MAX_LEAD_S = 3.0  # a push that is faster than real time waits; TCP makes it wait

_log: "FilteringBoundLogger" = structlog.get_logger("origin.intake")


def routes(
    hub: OriginHub, push_token: str, encoder_token: str = "", silence_s: float = SILENCE_S
) -> list[web.RouteDef]:
    """POST and PUT of a rendition.

    Args:
        hub: takes what is pushed.
        push_token: the one that workers were given.
        encoder_token: the one that foreign encoders were given; empty: they may not push.
        silence_s: how long a push may send nothing.
    """
    ours, foreign = _Intake(hub, push_token, silence_s), _ForeignIntake(hub, encoder_token, silence_s)
    return [
        web.post(PATH, ours.push),
        web.put(PATH, ours.push),
        web.post(FOREIGN_PATH, foreign.push, expect_handler=foreign.expect),
        web.put(FOREIGN_PATH, foreign.push, expect_handler=foreign.expect),
    ]


class _Intake:
    """The handler of our workers' pushes."""

    def __init__(self, hub: OriginHub, token: str, silence_s: float) -> None:
        self._hub = hub
        self._token = token
        self._silence_s = silence_s

    async def push(self, request: web.Request) -> web.Response:
        """Feed a rendition until the body ends, cleanly or not.

        Raises:
            Unauthorized: the token is missing or wrong.
            CmafRefused: the body is not what this server takes.
            SessionOver: the session has ended.
        """
        self._authorise(request)
        push = self._attach(request, parse_stream_name(request.match_info["stream"]))
        live = push.entry.live
        log = _log.bind(stream=live.stream, session=live.session_id, rendition=push.name)
        log.info("push began")
        clean = False
        try:
            await self._read(request, push, metrics.PUSHED_BYTES.labels(live.stream).inc)
            clean = True
        except errors.PeerError as error:
            if push.attached:
                metrics.REFUSED.labels(live.stream).inc()
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

    async def _take(self, push: Push, events: Iterator[Event]) -> None:
        """Hand on what came together; the playlists change once."""
        push.take(events)

    def _authorise(self, request: web.Request) -> None:
        shown = secret_shown(request.headers.get(hdrs.AUTHORIZATION, ""), "")
        if not same_secret(shown, self._token):
            raise errors.Unauthorized("push refused: send the push token as Authorization: Bearer")

    def _attach(self, request: web.Request, stream: StreamName) -> Push:
        session = parse_session_id(request.match_info["session"])
        rendition = parse_rendition_name(request.match_info["rendition"])
        return self._hub.attach(stream, session, rendition, _abort(request))

    async def _read(self, request: web.Request, push: Push, count: Callable[[float], None]) -> None:
        """Read the body to its end; TCP slows the pusher down while this does not ask for more."""
        reader = CmafReader()
        while True:
            async with asyncio.timeout(self._silence_s):
                data = await request.content.readany()
            if not data:
                break
            count(len(data))
            await self._take(push, reader.feed(data))
        reader.finish()
        push.finish()


class _ForeignIntake(_Intake):
    """The handler of foreign encoders' pushes."""

    def _authorise(self, request: web.Request) -> None:
        if not self._token:
            raise errors.Unauthorized("push refused: this node takes none from encoders; it has no encoder token")
        shown = secret_shown(request.headers.get(hdrs.AUTHORIZATION, ""), request.query.get("token", ""))
        if not same_secret(shown, self._token):
            raise errors.Unauthorized(
                "push refused: send the encoder token as Authorization: Bearer, as a password, or as ?token=",
                challenges=('Basic realm="encoders"', "Bearer"),
            )

    def _attach(self, request: web.Request, stream: StreamName) -> Push:
        rendition = parse_rendition_name(request.match_info["rendition"])
        session = self._hub.foreign_session(stream, secrets.token_bytes(SESSION_BYTES))
        return self._hub.attach(stream, session, rendition, _abort(request))

    async def _take(self, push: Push, events: Iterator[Event]) -> None:
        """Hand on one by one what came together, each no sooner than it is due: a file may be pushed at full speed."""
        for event in events:
            push.take((event,))
            if push.lead_s > MAX_LEAD_S:
                await asyncio.sleep(push.lead_s - MAX_LEAD_S)

    async def expect(self, request: web.Request) -> web.Response | None:
        """Expect: 100-continue: an encoder without the token is told before it sends its body (RFC 9110 10.1.1).

        ffmpeg asks so when it was given a user and a password, and sends them after the refusal.
        """
        try:
            self._authorise(request)
        except errors.Unauthorized as error:
            return problem(error)
        if request.version == HttpVersion11 and request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # as aiohttp's own handler does: the answer's head is still to come
        return None


def _abort(request: web.Request) -> Callable[[], None]:
    """Breaks a request's connection, so that whoever reads its body is told at once."""

    def abort() -> None:
        if request.transport is not None:
            request.transport.abort()

    return abort
