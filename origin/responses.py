"""Edge: answers to viewers: the coding, the condition, the range, and how long caches may keep them (RFC 9110)."""

from dataclasses import dataclass

from aiohttp import hdrs, web

from infra import errors
from infra.http import CORS_HEADERS, problem
from origin import metrics
from origin.byte_range import RangeUnsatisfiable, parse_range
from origin.caching import BUSY, Resource, cache_control
from origin.conditions import is_held, range_applies
from origin.content_coding import Coding, choose_coding
from origin.text import Text

_PRIORITY = "Priority"  # RFC 9218; the urgencies are those of rfc8216bis B.1, for whoever speaks HTTP/2 in front
_PLAYLIST_URGENCY, _MEDIA_URGENCY = "u=1", "u=3"  # renditions of all rates alike
_PLAYLIST_TYPE = "application/vnd.apple.mpegurl"


@dataclass(frozen=True, slots=True)
class Media:
    """A media file; its bytes never change under its URL.

    Attributes:
        data: the whole of it.
        content_type: its media type.
        file: its name, unique below the rendition's URL.
    """

    data: bytes
    content_type: str
    file: str

    @property
    def etag(self) -> str:
        """A strong entity tag that costs no look at the bytes: the same on every node that serves the file."""
        return f'"{self.file}-{len(self.data)}"'


def answer(request: web.Request, found: Text | Media, resource: Resource, target_duration_s: int) -> web.Response:
    """A good answer, or 304 for what the viewer holds, or 416 for a range that is not there."""
    headers = {**CORS_HEADERS, hdrs.CACHE_CONTROL: cache_control(resource, target_duration_s, found=True)}
    response = _text(request, found, headers) if isinstance(found, Text) else _media(request, found, headers)
    if response.status >= web.HTTPBadRequest.status_code:
        response.headers[hdrs.CACHE_CONTROL] = cache_control(resource, target_duration_s, found=False)
    metrics.SERVED_BYTES.labels(resource.name.lower()).inc(response.content_length or 0)
    return response


def refusal(error: errors.TandemError, resource: Resource, target_duration_s: int) -> web.Response:
    """An error; caches may keep it for a while too, or everybody asks again, but not that the server is busy."""
    response = problem(error)
    busy = isinstance(error, errors.Unavailable)
    response.headers[hdrs.CACHE_CONTROL] = BUSY if busy else cache_control(resource, target_duration_s, found=False)
    return response


def _text(request: web.Request, text: Text, headers: dict[str, str]) -> web.Response:
    """A playlist, compressed if the viewer accepts that (rfc8216bis 6.2.1)."""
    coding = choose_coding(",".join(request.headers.getall(hdrs.ACCEPT_ENCODING, ())))
    headers |= {hdrs.VARY: hdrs.ACCEPT_ENCODING, hdrs.ETAG: text.etag(coding), _PRIORITY: _PLAYLIST_URGENCY}
    if is_held(request.headers.get(hdrs.IF_NONE_MATCH), headers[hdrs.ETAG]):
        return web.Response(status=304, headers=headers)
    if coding is not Coding.IDENTITY:
        headers[hdrs.CONTENT_ENCODING] = coding.value
    return web.Response(body=text.body(coding), content_type=_PLAYLIST_TYPE, headers=headers)


def _media(request: web.Request, media: Media, headers: dict[str, str]) -> web.Response:
    """Media, or the one range of it that was asked for (RFC 9110 14)."""
    body, etag = media.data, media.etag
    headers |= {hdrs.ACCEPT_RANGES: "bytes", hdrs.ETAG: etag, _PRIORITY: _MEDIA_URGENCY}
    if is_held(request.headers.get(hdrs.IF_NONE_MATCH), etag):
        return web.Response(status=304, headers=headers)
    asked = request.headers.get(hdrs.RANGE) if range_applies(request.headers.get(hdrs.IF_RANGE), etag) else None
    try:
        part = parse_range(asked, len(body))
    except RangeUnsatisfiable:
        headers[hdrs.CONTENT_RANGE] = f"bytes */{len(body)}"
        return web.Response(status=416, headers=headers)
    if part is None:
        return web.Response(body=body, content_type=media.content_type, headers=headers)
    headers[hdrs.CONTENT_RANGE] = f"bytes {part.start}-{part.stop - 1}/{len(body)}"
    return web.Response(status=206, body=body[part], content_type=media.content_type, headers=headers)
