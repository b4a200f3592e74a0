"""Edge: what viewers GET of recordings: files of the store that never change, large ones block by block."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import hdrs, web

from infra import errors
from infra.http import CORS_HEADERS, problem
from infra.ids import SessionId, StreamName, parse_session_id, parse_stream_name
from origin import metrics
from origin.byte_range import RangeUnsatisfiable, parse_range
from origin.caching import BUSY, FOR_EVER
from origin.conditions import is_held, range_applies
from origin.errors import OriginFull, RecordingUnknown
from origin.model import Kind
from origin.names import entry_key, parse_recording_path, recording_key
from origin.recording_entry import RecordingEntry, parse_entry
from origin.recordings import NONE_KEPT
from origin.storage.contract import Readable
from origin.storage.errors import ObjectUnknown
from origin.storage.shared_reads import SharedReads

PATH = "/vod/{stream}/{session}/{path:.+}"
BLOCK_BYTES = 1 << 20  # of a large file, read and sent at once
MAX_SENDING = 256  # large files at once; each holds a block
SEND_TIMEOUT_S = 60.0  # of a block; whoever takes less than 17 KB/s cannot play it
ENTRY_FRESH_S = 5.0  # a recording that is removed is refused after this time
MAX_ENTRIES = 256
_RETRY_AFTER_S = 2
_SOON = "max-age=2"  # of a refusal: a recording that is not there yet may come
_TYPES = {
    "m3u8": "application/vnd.apple.mpegurl",
    "vtt": "text/vtt",
    "jpg": "image/jpeg",
    "mp4": "video/mp4",
    "m4s": "video/mp4",
}
_TEXT = {"m3u8", "vtt"}
_PREFLIGHT_HEADERS = {
    **CORS_HEADERS,
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Range, If-Range, If-None-Match",
    "Access-Control-Max-Age": "86400",
}


@dataclass(frozen=True, slots=True)
class _File:
    """A file that may be asked for; ``size_bytes`` is None for media, which is small enough to be read whole."""

    key: str
    suffix: str
    content_type: str
    etag: str
    size_bytes: int | None


def routes(vod: "Vod | None") -> list[web.RouteDef]:
    """Everything below ``/vod/{stream}/{session}/``; None: this node keeps no recordings."""
    return [web.get(PATH, _none_kept if vod is None else vod.file), web.options(PATH, _preflight)]


class Vod:
    """The files of a store's recordings.

    Attributes:
        max_sending: large files at once.
    """

    def __init__(self, store: Readable) -> None:
        self.max_sending = MAX_SENDING
        self._reads = SharedReads(store)
        self._entries: dict[str, tuple[RecordingEntry, float]] = {}  # with the time it is fresh until; oldest first
        self._sending = 0

    async def close(self) -> None:
        """Give up all reads."""
        await self._reads.close()

    async def file(self, request: web.Request) -> web.StreamResponse:
        """GET of a file, whole or a range of it (RFC 9110 13, 14)."""
        try:
            return await self._respond(request, await self._find(request))
        except errors.TandemError as error:
            response = problem(error)
            response.headers[hdrs.CACHE_CONTROL] = BUSY if isinstance(error, errors.Unavailable) else _SOON
            return response

    async def _find(self, request: web.Request) -> _File:
        """The file that is asked for.

        Raises:
            RecordingUnknown: there is no such recording, or it has no such file.
        """
        stream = parse_stream_name(request.match_info["stream"])
        session = parse_session_id(request.match_info["session"])
        path = request.match_info["path"]
        rendition, name = parse_recording_path(path)
        entry = await self._entry(stream, session)
        suffix = name.rpartition(".")[2]
        made = entry.files.get(path)
        kind = entry.kind_of(rendition) if rendition is not None else None
        if made is None and (kind is None or suffix == "m3u8"):
            raise RecordingUnknown(f"recording {session} of {stream} has no file of this name")
        content_type = "audio/mp4" if kind is Kind.AUDIO and suffix not in _TEXT else _TYPES[suffix]
        etag = f'"{made.etag}"' if made else f'"{path}"'  # media of a path never changes
        key = recording_key(stream, session, path)
        return _File(key, suffix, content_type, etag, made.size_bytes if made else None)

    async def _entry(self, stream: StreamName, session: SessionId) -> RecordingEntry:
        key = entry_key(stream, session)
        found = self._entries.get(key)
        if found is not None and time.monotonic() < found[1]:
            return found[0]
        self._entries.pop(key, None)
        try:
            entry = parse_entry(await self._reads.read(key))
        except ObjectUnknown:
            raise RecordingUnknown(f"recording {session} of {stream} is not there, or not yet") from None
        self._entries[key] = entry, time.monotonic() + ENTRY_FRESH_S
        while len(self._entries) > MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        return entry

    async def _respond(self, request: web.Request, file: _File) -> web.StreamResponse:
        headers = {**CORS_HEADERS, hdrs.CACHE_CONTROL: FOR_EVER, hdrs.ETAG: file.etag}
        if is_held(request.headers.get(hdrs.IF_NONE_MATCH), file.etag):
            return web.Response(status=304, headers=headers)
        headers[hdrs.CONTENT_TYPE] = file.content_type
        if file.suffix in _TEXT:
            return await self._text(file, headers)
        headers[hdrs.ACCEPT_RANGES] = "bytes"
        body = b"" if file.size_bytes else await self._reads.read(file.key)
        size_bytes = file.size_bytes or len(body)
        asked = (
            request.headers.get(hdrs.RANGE) if range_applies(request.headers.get(hdrs.IF_RANGE), file.etag) else None
        )
        try:
            span = parse_range(asked, size_bytes)
        except RangeUnsatisfiable:
            headers[hdrs.CONTENT_RANGE] = f"bytes */{size_bytes}"
            return web.Response(status=416, headers=headers)
        status = 200
        if span is not None:
            status, headers[hdrs.CONTENT_RANGE] = 206, f"bytes {span.start}-{span.stop - 1}/{size_bytes}"
        span = span or slice(0, size_bytes)
        metrics.SERVED_BYTES.labels("vod").inc(span.stop - span.start)
        if not file.size_bytes:
            return web.Response(status=status, body=body[span], headers=headers)
        return await self._send(request, file.key, span, status, headers)

    async def _text(self, file: _File, headers: dict[str, str]) -> web.Response:
        """A playlist or WebVTT file, compressed if the viewer accepts that."""
        body = await self._reads.read(file.key)
        headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
        headers[hdrs.ETAG] = f"W/{file.etag}"  # of the text, however it is coded
        metrics.SERVED_BYTES.labels("vod").inc(len(body))
        response = web.Response(body=body, headers=headers)
        response.enable_compression()
        return response

    async def _send(
        self, request: web.Request, key: str, span: slice, status: int, headers: Mapping[str, str]
    ) -> web.StreamResponse:
        """A range of a file that may be large: the first block decides the status, the others follow one by one.

        Raises:
            OriginFull: too many are being sent.
        """
        if self._sending >= self.max_sending:
            raise OriginFull(f"file refused: {self.max_sending} are being sent", _RETRY_AFTER_S)
        self._sending += 1
        try:
            response = web.StreamResponse(status=status, headers=headers)
            response.content_length = span.stop - span.start
            at = span.start
            block = await self._block(key, at, span.stop) if request.method != hdrs.METH_HEAD else b""
            await response.prepare(request)
            while block:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await response.write(block)
                at += len(block)
                block = await self._block(key, at, span.stop) if at < span.stop else b""
            return response
        finally:
            self._sending -= 1

    async def _block(self, key: str, at: int, stop: int) -> bytes:
        """What of a file's block lies between two offsets; blocks are aligned, so that viewers share them."""
        first = at // BLOCK_BYTES * BLOCK_BYTES
        block = await self._reads.read(key, first, first + BLOCK_BYTES)
        return block[at - first : stop - first]


async def _none_kept(_request: web.Request) -> web.Response:
    return problem(RecordingUnknown(NONE_KEPT))


async def _preflight(_request: web.Request) -> web.Response:
    """OPTIONS: what a page of another origin may ask (Fetch 3.2)."""
    return web.Response(headers=_PREFLIGHT_HEADERS)
