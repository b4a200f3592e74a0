"""Edge: what viewers GET: playlists and media, all but old segments from memory (rfc8216bis 6.2)."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from infra import errors
from infra.http import CORS_HEADERS
from infra.ids import parse_rendition_name, parse_session_id, parse_stream_name
from origin import responses
from origin.caching import Resource
from origin.directives import Directives, asks_to_wait, parse_directives
from origin.hub import OriginHub
from origin.model import Kind
from origin.names import FileKind, parse_file
from origin.public_urls import on_base
from origin.responses import Media
from origin.text import Text

INDEX_PATH = "/live/{stream}/index.m3u8"
FILE_PATH = "/live/{stream}/{session}/{rendition}/{file}"
_MEDIA_TYPE = {Kind.VIDEO: "video/mp4", Kind.AUDIO: "audio/mp4"}
_PREFLIGHT_HEADERS = {
    **CORS_HEADERS,
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Range, If-None-Match, If-Range",
    "Access-Control-Max-Age": "86400",
}


def routes(hub: OriginHub, media_base_url: str = "") -> list[web.RouteDef]:
    """The multivariant playlist of a stream, and the files of a rendition.

    Args:
        hub: what is live.
        media_base_url: where players are sent for the files, without a slash at the end; empty: to this server.
    """
    viewers = _Viewers(hub, media_base_url)
    return [
        web.get(INDEX_PATH, viewers.index),
        web.get(FILE_PATH, viewers.file),
        web.options(INDEX_PATH, _preflight),
        web.options(FILE_PATH, _preflight),
    ]


class _Viewers:
    """The handlers of viewers."""

    def __init__(self, hub: OriginHub, media_base_url: str) -> None:
        self._hub = hub
        self._media_base_url = media_base_url

    async def index(self, request: web.Request) -> web.Response:
        """GET of the multivariant playlist."""
        return await self._respond(request, Resource.MULTIVARIANT, self._index)

    async def file(self, request: web.Request) -> web.Response:
        """GET of a media playlist, an init section, a segment or a part."""
        if request.match_info["file"].endswith(".m3u8"):
            resource = Resource.HELD_PLAYLIST if asks_to_wait(request.query) else Resource.PLAYLIST
        else:
            resource = Resource.MEDIA
        return await self._respond(request, resource, self._file)

    async def _index(self, request: web.Request) -> Text:
        index = await self._hub.index(parse_stream_name(request.match_info["stream"]))
        if not self._media_base_url:
            return index
        folder = request.path.rpartition("/")[0]  # with the viewer's token, if there is one
        return Text(on_base(index.plain.decode(), self._media_base_url + folder))

    async def _file(self, request: web.Request) -> Text | Media:
        stream = parse_stream_name(request.match_info["stream"])
        session = parse_session_id(request.match_info["session"])
        rendition = parse_rendition_name(request.match_info["rendition"])
        name = request.match_info["file"]
        file = parse_file(name)
        live = self._hub.live(stream, session)
        match file.kind:
            case FileKind.PLAYLIST | FileKind.IFRAME_PLAYLIST:
                # a list that has its end is answered whatever is asked (rfc8216bis 6.2.5)
                directives = Directives() if live.core.ended else parse_directives(request.query.items())
                return await live.playlist(rendition, file.kind, directives)
            case FileKind.PART:
                data, kind = await live.part(rendition, file.number)
            case FileKind.SEGMENT:
                data, kind = await live.segment(rendition, file.number)
            case FileKind.IFRAME:
                data, kind = await live.iframe(rendition, file.number)
            case _:
                data, kind = live.init(rendition, file.number)
        return Media(data, _MEDIA_TYPE[kind], name)

    async def _respond(
        self, request: web.Request, resource: Resource, find: Callable[[web.Request], Awaitable[Text | Media]]
    ) -> web.Response:
        """Run a handler; good or refused, its answer says how long it may be cached."""
        target_duration_s = self._hub.targets.target_duration_s
        try:
            found = await find(request)
        except errors.TandemError as error:
            return responses.refusal(error, resource, target_duration_s)
        return responses.answer(request, found, resource, target_duration_s)


async def _preflight(_request: web.Request) -> web.Response:
    """OPTIONS: what a page of another origin may ask (Fetch 3.2)."""
    return web.Response(headers=_PREFLIGHT_HEADERS)
