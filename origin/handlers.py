"""Edge: what viewers GET: playlists and media, all from memory (rfc8216bis 6.2)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import hdrs, web

from infra import errors
from infra.http import CORS_HEADERS, problem
from infra.ids import parse_rendition_name, parse_session_id, parse_stream_name
from origin import metrics
from origin.byte_range import RangeUnsatisfiable, parse_range
from origin.caching import BUSY, Resource, cache_control
from origin.directives import parse_directives
from origin.hub import OriginHub
from origin.live import LiveSession, Text
from origin.model import Kind
from origin.names import FileKind, parse_file

INDEX_PATH = "/live/{stream}/index.m3u8"
FILE_PATH = "/live/{stream}/{session}/{rendition}/{file}"
_PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_MEDIA_TYPE = {Kind.VIDEO: "video/mp4", Kind.AUDIO: "audio/mp4"}
_PREFLIGHT_HEADERS = {
    **CORS_HEADERS,
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Range",
    "Access-Control-Max-Age": "86400",
}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a resource answers, before HTTP looks at it."""

    body: Text | bytes
    content_type: str


def routes(hub: OriginHub) -> list[web.RouteDef]:
    """The multivariant playlist of a stream, and the files of a rendition."""
    viewers = _Viewers(hub)
    return [
        web.get(INDEX_PATH, viewers.index),
        web.get(FILE_PATH, viewers.file),
        web.options(INDEX_PATH, _preflight),
        web.options(FILE_PATH, _preflight),
    ]


class _Viewers:
    """The handlers of viewers."""

    def __init__(self, hub: OriginHub) -> None:
        self._hub = hub

    async def index(self, request: web.Request) -> web.Response:
        """GET of the multivariant playlist."""
        return await self._respond(request, Resource.MULTIVARIANT, self._index)

    async def file(self, request: web.Request) -> web.Response:
        """GET of a media playlist, an init section, a segment or a part."""
        if request.match_info["file"].endswith(".m3u8"):
            held = any(name.startswith("_HLS_") for name in request.query)
            resource = Resource.HELD_PLAYLIST if held else Resource.PLAYLIST
        else:
            resource = Resource.MEDIA
        return await self._respond(request, resource, self._file)

    async def _index(self, request: web.Request) -> _Answer:
        return _Answer(await self._hub.index(parse_stream_name(request.match_info["stream"])), _PLAYLIST_TYPE)

    async def _file(self, request: web.Request) -> _Answer:
        stream = parse_stream_name(request.match_info["stream"])
        session = parse_session_id(request.match_info["session"])
        rendition = parse_rendition_name(request.match_info["rendition"])
        file = parse_file(request.match_info["file"])
        live: LiveSession = self._hub.live(stream, session)
        match file.kind:
            case FileKind.PLAYLIST:
                directives = parse_directives(request.query.items())
                return _Answer(await live.playlist(rendition, directives), _PLAYLIST_TYPE)
            case FileKind.PART:
                data, kind = await live.part(rendition, file.number)
            case FileKind.SEGMENT:
                data, kind = await live.segment(rendition, file.number)
            case _:
                data, kind = live.init(rendition, file.number)
        return _Answer(data, _MEDIA_TYPE[kind])

    async def _respond(
        self, request: web.Request, resource: Resource, answer: Callable[[web.Request], Awaitable[_Answer]]
    ) -> web.Response:
        """Run a handler; good or refused, say how long the answer may be cached."""
        target_duration_s = self._hub.targets.target_duration_s
        try:
            found = await answer(request)
        except errors.TandemError as error:
            response = problem(error)
            busy = isinstance(error, errors.Unavailable)
            caching = BUSY if busy else cache_control(resource, target_duration_s, found=False)
            response.headers[hdrs.CACHE_CONTROL] = caching
            return response
        headers = {**CORS_HEADERS, hdrs.CACHE_CONTROL: cache_control(resource, target_duration_s, found=True)}
        response = _text(request, found, headers) if isinstance(found.body, Text) else _media(request, found, headers)
        metrics.SERVED_BYTES.labels(resource.name.lower()).inc(response.content_length or 0)
        return response


def _text(request: web.Request, found: _Answer, headers: dict[str, str]) -> web.Response:
    """A playlist, compressed if the viewer accepts that (rfc8216bis 6.2.1)."""
    assert isinstance(found.body, Text)
    headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    if _accepts_gzip(request.headers.get(hdrs.ACCEPT_ENCODING, "")):
        headers[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(body=found.body.compressed, content_type=found.content_type, headers=headers)
    return web.Response(body=found.body.plain, content_type=found.content_type, headers=headers)


def _media(request: web.Request, found: _Answer, headers: dict[str, str]) -> web.Response:
    """Media, or the one range of it that was asked for (RFC 9110 14)."""
    assert isinstance(found.body, bytes)
    body = found.body
    headers[hdrs.ACCEPT_RANGES] = "bytes"
    try:
        part = parse_range(request.headers.get(hdrs.RANGE), len(body))
    except RangeUnsatisfiable:
        headers[hdrs.CONTENT_RANGE] = f"bytes */{len(body)}"
        return web.Response(status=416, headers=headers)
    if part is None:
        return web.Response(body=body, content_type=found.content_type, headers=headers)
    headers[hdrs.CONTENT_RANGE] = f"bytes {part.start}-{part.stop - 1}/{len(body)}"
    return web.Response(status=206, body=body[part], content_type=found.content_type, headers=headers)


def _accepts_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header allows gzip (RFC 9110 12.5.3)."""
    for each in accepted.lower().split(","):
        coding, _, weight = each.partition(";")
        if coding.strip() in {"gzip", "*"}:
            return weight.strip().removeprefix("q=").strip("0.") != "" or not weight
    return False


async def _preflight(_request: web.Request) -> web.Response:
    """OPTIONS: what a page of another origin may ask (Fetch 3.2)."""
    return web.Response(headers=_PREFLIGHT_HEADERS)
