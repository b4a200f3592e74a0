"""Edge: the recordings of the node's store: what is told of them and can be done to them (``/api/recordings``)."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import hdrs, web

from infra.credentials import same_secret, secret_shown
from infra.errors import BadRequest, Unauthorized
from infra.http import CORS_HEADERS
from infra.ids import SessionId, StreamName, parse_session_id, parse_stream_name
from origin.after_jobs import AfterJob, State, Task
from origin.after_queue import AfterQueue
from origin.errors import RecordingUnknown, SessionLive
from origin.names import (
    ENTRIES_PREFIX,
    MP4,
    PLAYLIST,
    POSTER,
    THUMBNAILS,
    entry_key,
    journal_key,
    mark_key,
    parse_entry_key,
)
from origin.recording_entry import RecordingEntry, parse_entry
from origin.storage.contract import Readable, list_all
from origin.storage.errors import ObjectUnknown

PAGE_RECORDINGS = 50
MAX_PAGE_RECORDINGS = 200
READS_AT_ONCE = 8
NONE_KEPT = "recordings are not kept: the store is memory; set --storage"
_HEADERS = {**CORS_HEADERS, hdrs.CACHE_CONTROL: "no-store"}
_NS_PER_MS = 1_000_000
_RETRY_AFTER_S = 5

Id = tuple[SessionId, StreamName]  # sessions sort by time


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a recording: its entry, as soon as it can be played, and its job, as long as there is one."""

    stream: StreamName
    session: SessionId
    entry: RecordingEntry | None
    job: AfterJob | None

    @property
    def state(self) -> str:
        """``waiting``, ``working``, ``removing``, ``failed`` or ``ready``."""
        if self.job is None:
            return "ready"
        removing = self.job.task is Task.REMOVE and self.job.state is not State.FAILED
        return "removing" if removing else self.job.state.value

    def describe(self) -> dict[str, Any]:
        """As JSON has it; what is not known yet, and what cannot be fetched, is null."""
        entry, base = self.entry, f"/vod/{self.stream}/{self.session}"
        files = {} if entry is None or self.state == "removing" else entry.files
        urls = {name: f"{base}/{file}" if file in files else None for name, file in _FILES.items()}
        return {
            "stream": self.stream,
            "session": self.session,
            "state": self.state,
            "attempts": self.job.attempts if self.job else 0,
            "why": self.job.why or None if self.job else None,
            "started_ms": entry.opened_ns // _NS_PER_MS if entry else None,
            "ended_ms": entry.ended_ns // _NS_PER_MS if entry else None,
            "duration_ms": entry.duration_ms if entry else None,
            "size_bytes": entry.size_bytes if entry else None,
            "renditions": [asdict(each) for each in entry.renditions] if entry else [],
            "mp4_extent": asdict(entry.mp4) if entry and entry.mp4 else None,
            **urls,
        }


_FILES = {"hls": PLAYLIST, "mp4": MP4, "poster": POSTER, "thumbnails": THUMBNAILS}


class Recordings:
    """The recordings of a store.

    Args:
        store: where they are.
        queue: the work that is still to be done with them.
    """

    def __init__(self, store: Readable, queue: AfterQueue) -> None:
        self._store = store
        self._queue = queue
        self._reads = asyncio.Semaphore(READS_AT_ONCE)

    async def page(self, stream: StreamName | None, after: Id | None, limit: int) -> tuple[list[Known], Id | None]:
        """Some recordings, the newest first.

        Args:
            stream: those of this stream; None: of all.
            after: the last one of the page before; None: the first page.
            limit: how many at most.

        Returns:
            The recordings, and what to give as ``after`` for the next page; None on the last one.
        """
        jobs = {(job.session, job.stream): job for job in await self._queue.jobs()}
        prefix = ENTRIES_PREFIX if stream is None else f"{ENTRIES_PREFIX}{stream}/"
        found = [parse_entry_key(stored.key) async for stored in list_all(self._store, prefix)]
        entries = {(each[1], each[0]) for each in found if each is not None}
        wanted = [each for each in jobs.keys() | entries if stream is None or each[1] == stream]
        wanted = sorted((each for each in wanted if after is None or each < after), reverse=True)
        shown = wanted[:limit]
        known = await asyncio.gather(*(self._known(*each, jobs.get(each), stored=each in entries) for each in shown))
        return [each for each in known if each.entry or each.job], shown[-1] if len(wanted) > limit else None

    async def get(self, stream: StreamName, session: SessionId) -> Known:
        """One recording.

        Raises:
            RecordingUnknown: there is none.
        """
        jobs = {(job.session, job.stream): job for job in await self._queue.jobs()}
        known = await self._known(session, stream, jobs.get((session, stream)), stored=True)
        if known.entry is None and known.job is None:
            raise RecordingUnknown(f"recording {session} of {stream} is not there, or not yet")
        return known

    async def make(self, stream: StreamName, session: SessionId) -> Known:
        """Have a finished session made a recording, also one that was given up, or once more.

        Raises:
            SessionLive: it has not ended, or not all of it is stored yet.
            RecordingUnknown: nothing of it is stored.
        """
        await self._refuse_live(stream, session)
        if not await self._is_there(journal_key(stream, session, 0)):
            raise RecordingUnknown(f"recording {session} of {stream} cannot be made: nothing of it is stored")
        await self._queue.add(stream, session, Task.MAKE)
        return await self.get(stream, session)

    async def remove(self, stream: StreamName, session: SessionId) -> Known | None:
        """Have everything of a session removed; None if there is nothing, or nothing any more.

        Raises:
            SessionLive: it has not ended, or not all of it is stored yet.
        """
        await self._refuse_live(stream, session)
        try:
            known = await self.get(stream, session)
        except RecordingUnknown:
            if not await self._is_there(journal_key(stream, session, 0)):
                return None
        else:
            if known.state == "removing":
                return known
        await self._queue.add(stream, session, Task.REMOVE)
        return Known(stream, session, None, AfterJob(stream, session, Task.REMOVE))

    async def _refuse_live(self, stream: StreamName, session: SessionId) -> None:
        if await self._is_there(mark_key(stream, session)):
            raise SessionLive(f"recording {session} of {stream} refused: its session has not ended yet", _RETRY_AFTER_S)

    async def _is_there(self, key: str) -> bool:
        try:
            await self._store.get(key, 0, 1)
        except ObjectUnknown:
            return False
        return True

    async def _known(self, session: SessionId, stream: StreamName, job: AfterJob | None, *, stored: bool) -> Known:
        entry = None
        if stored:
            async with self._reads:
                try:
                    entry = parse_entry(await self._store.get(entry_key(stream, session)))
                except ObjectUnknown:
                    entry = None
        return Known(stream, session, entry, job)


def routes(recordings: Recordings | None, admin_token: str) -> list[web.RouteDef]:
    """``/api/recordings``, ``/api/recordings/{stream}/{session}``.

    Args:
        recordings: what is told of; None: this node keeps none.
        admin_token: whoever shows it may have one made or removed; empty: nobody may.
    """
    api = _Api(recordings, admin_token)
    one = "/api/recordings/{stream}/{session}"
    return [
        web.get("/api/recordings", api.page),
        web.get(one, api.get),
        web.put(one, api.make),
        web.delete(one, api.remove),
    ]


class _Api:
    """The handlers."""

    def __init__(self, recordings: Recordings | None, admin_token: str) -> None:
        self._recordings = recordings
        self._admin_token = admin_token

    async def page(self, request: web.Request) -> web.Response:
        """Recordings, the newest first: ``?stream=`` of one stream, ``?limit=`` at once, ``?after=`` the last page."""
        stream, after, limit = _asked(request)
        if self._recordings is None:
            return _json({"kept": False, "why": NONE_KEPT, "recordings": [], "next": None})
        known, following = await self._recordings.page(stream, after, limit)
        return _json(
            {
                "kept": True,
                "why": None,
                "recordings": [each.describe() for each in known],
                "next": None if following is None else "/".join(following),
            }
        )

    async def get(self, request: web.Request) -> web.Response:
        """One recording."""
        return _json((await self._kept().get(*_named(request))).describe())

    async def make(self, request: web.Request) -> web.Response:
        """PUT: have it made, or made again; 202."""
        self._admit(request)
        return _json((await self._kept().make(*_named(request))).describe(), status=202)

    async def remove(self, request: web.Request) -> web.Response:
        """DELETE: 202 while there is something to remove, then 204."""
        self._admit(request)
        known = await self._kept().remove(*_named(request))
        return web.Response(status=204, headers=_HEADERS) if known is None else _json(known.describe(), status=202)

    def _admit(self, request: web.Request) -> None:
        """Refuse who may not change recordings.

        Raises:
            Unauthorized: the admin token is missing or wrong, or this node has none.
        """
        if not self._admin_token:
            raise Unauthorized("recordings are changed by nobody: this node has no admin token")
        if not same_secret(secret_shown(request.headers.get(hdrs.AUTHORIZATION, ""), ""), self._admin_token):
            raise Unauthorized("refused: send the admin token as Authorization: Bearer")

    def _kept(self) -> Recordings:
        if self._recordings is None:
            raise RecordingUnknown(NONE_KEPT)
        return self._recordings


def _named(request: web.Request) -> tuple[StreamName, SessionId]:
    return parse_stream_name(request.match_info["stream"]), parse_session_id(request.match_info["session"])


def _asked(request: web.Request) -> tuple[StreamName | None, Id | None, int]:
    stream, after, limit = (request.query.get(name) for name in ("stream", "after", "limit"))
    if limit is not None and not (limit.isascii() and limit.isdecimal() and 1 <= int(limit) <= MAX_PAGE_RECORDINGS):
        raise BadRequest(f"limit {limit[:20]!r} refused: allowed is 1 to {MAX_PAGE_RECORDINGS}")
    last: Id | None = None
    if after is not None:
        session, _, name = after.partition("/")
        last = parse_session_id(session), parse_stream_name(name)
    return parse_stream_name(stream) if stream is not None else None, last, int(limit or PAGE_RECORDINGS)


def _json(document: dict[str, Any], status: int = 200) -> web.Response:
    return web.json_response(document, status=status, headers=_HEADERS)
