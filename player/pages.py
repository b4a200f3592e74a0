"""Edge: the routes of the pages and their assets, served from memory."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from aiohttp import hdrs, web

from infra.errors import BadRequest, NotFound, Unavailable
from infra.ids import parse_stream_name
from player.site import ASSETS, EMBEDDED_HEADERS, SECURITY_HEADERS, SiteFile, fill_error_page, with_media_from

_INDEX, _PUBLISH, _COMPARE, _ERROR = "index.html", "publish.html", "compare.html", "error.html"
_WATCH, _EMBED, _RECORDINGS = "watch.html", "embed.html", "recordings.html"
_MAX_ENTRIES = 200  # of the built folder; it has about a dozen


def routes(dist: Traversable | None = None, media_base_url: str = "") -> list[web.RouteDef]:
    """``/``, ``/assets/{name}``, and below the name of each page the streams: ``/watch/{stream}`` and so on.

    Args:
        dist: the built pages; by default those of this package.
        media_base_url: where playlists and media come from, if not from the node.
    """
    site = _Site(dist or files("player").joinpath("dist"), media_base_url)
    return [
        web.get("/", site.index),
        web.get("/recordings", site.recordings),
        web.get("/publish/{stream}", site.publish),
        web.get("/watch/{stream}", site.watch),
        web.get("/embed/{stream}", site.embed),
        web.get("/compare/{stream}", site.compare),
        web.get(f"/{ASSETS}/{{name}}", site.asset),
    ]


class _Site:
    """The built pages; read at the first request, and kept."""

    def __init__(self, dist: Traversable, media_base_url: str) -> None:
        self._dist = dist
        self._media_base_url = media_base_url
        self._files: dict[str, SiteFile] = {}

    async def index(self, request: web.Request) -> web.Response:
        """The start page."""
        return _answer(request, await self._file(_INDEX))

    async def recordings(self, request: web.Request) -> web.Response:
        """The page of recordings."""
        return _answer(request, await self._file(_RECORDINGS))

    async def publish(self, request: web.Request) -> web.Response:
        """The publish page of a stream, live or not."""
        return await self._stream_page(request, _PUBLISH)

    async def watch(self, request: web.Request) -> web.Response:
        """The player of a stream, live or not."""
        return await self._stream_page(request, _WATCH)

    async def embed(self, request: web.Request) -> web.Response:
        """The same player without the page round it, for frames of other pages."""
        return await self._stream_page(request, _EMBED, EMBEDDED_HEADERS)

    async def compare(self, request: web.Request) -> web.Response:
        """Every path of a stream side by side, live or not."""
        return await self._stream_page(request, _COMPARE)

    async def asset(self, request: web.Request) -> web.Response:
        """A script, style or picture of the pages.

        Raises:
            NotFound: there is none of that name; an old page asks for what a newer build no longer has.
        """
        return _answer(request, await self._file(f"{ASSETS}/{request.match_info['name']}"))

    async def _stream_page(
        self, request: web.Request, name: str, security: Mapping[str, str] = SECURITY_HEADERS
    ) -> web.Response:
        page = await self._file(name)
        try:
            parse_stream_name(request.match_info["stream"])
        except BadRequest as error:
            return await self._refusal("This is not a stream name", str(error))
        return _answer(request, page, with_media_from(security, self._media_base_url))

    async def _refusal(self, title: str, sentence: str) -> web.Response:
        template = await self._file(_ERROR)
        return web.Response(
            status=HTTPStatus.BAD_REQUEST,
            body=fill_error_page(template.body, title, f"{sentence[:1].upper()}{sentence[1:]}"),
            headers={
                **SECURITY_HEADERS,
                hdrs.CONTENT_TYPE: "text/html; charset=utf-8",
                hdrs.CACHE_CONTROL: "no-store",
            },
        )

    async def _file(self, name: str) -> SiteFile:
        if not self._files:
            self._files = await asyncio.to_thread(_read, self._dist)
        if _INDEX not in self._files:
            raise Unavailable("the pages are not built: run `make setup` and load this page again")
        if name not in self._files:
            raise NotFound("no such file of the pages: load the page again")
        return self._files[name]


def _read(dist: Traversable) -> dict[str, SiteFile]:
    """All files by their path below ``dist``; none if it is not there."""
    found: dict[str, SiteFile] = {}
    for folder in (PurePosixPath(), PurePosixPath(ASSETS)):
        place = dist.joinpath(*folder.parts)
        entries = sorted(place.iterdir(), key=lambda entry: entry.name)[:_MAX_ENTRIES] if place.is_dir() else []
        for entry in entries:
            if entry.is_file():
                path = folder / entry.name
                found[str(path)] = SiteFile.of(path, entry.read_bytes())
    return found


def _answer(request: web.Request, file: SiteFile, security: Mapping[str, str] = SECURITY_HEADERS) -> web.Response:
    headers = file.headers(security)
    if file.is_known(request.headers.get(hdrs.IF_NONE_MATCH)):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    body = file.body
    if file.gzipped is not None and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "").lower():
        body = file.gzipped
        headers[hdrs.CONTENT_ENCODING] = "gzip"
    return web.Response(body=body, headers=headers)
