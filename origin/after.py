"""Edge: the work after a session: its journal and media become a recording, or all of it is removed.

Theory of operation. Everything that is written follows from the journal and the media alone, so a second run writes the
same bytes. Playlists come first, then the entry: from then on the recording can be played. Pictures and the MP4 file
follow, and the entry again, with them. What libav cannot read is left out; whatever else fails is tried again later.
"""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import av

from infra.ids import RenditionName, SessionId, StreamName
from origin import stills
from origin.journal import InitStored, Record, parse_page
from origin.mp4_plan import Mp4Plan, plan_mp4
from origin.names import (
    IFRAME_PLAYLIST,
    MP4,
    PLAYLIST,
    entry_key,
    init_file,
    journal_prefix,
    mark_key,
    object_key,
    recording_key,
    session_prefix,
)
from origin.recording import KeptRendition, Recording, read_recording
from origin.recording_entry import EntryRendition, KeptFile, Mp4Extent, RecordingEntry, parse_entry, print_entry
from origin.remux import Fetch, remux
from origin.storage.contract import ObjectStore, list_all
from origin.storage.errors import ObjectUnknown
from origin.vod_playlists import vod_iframe_playlist, vod_index, vod_playlist

READ_TIMEOUT_S = 60.0  # of one object, by a thread that waits for it
_ETAG_CHARS = 20
_MS_PER_S = 1000

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a session's objects are."""

    store: ObjectStore
    stream: StreamName
    session: SessionId

    async def put(self, path: str, data: bytes) -> KeptFile:
        await self.store.put(recording_key(self.stream, self.session, path), data)
        return KeptFile(len(data), hashlib.sha256(data).hexdigest()[:_ETAG_CHARS])

    def key(self, rendition: RenditionName, file: str) -> str:
        return object_key(self.stream, self.session, rendition, file)

    async def get(self, rendition: RenditionName, file: str) -> bytes:
        return await self.store.get(self.key(rendition, file))

    async def in_thread(self, call: Callable[..., Result], *arguments: object) -> Result:
        """Run what blocks; its first argument is how it reads a rendition's file from there."""
        loop = asyncio.get_running_loop()

        def fetch(rendition: RenditionName, file: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(self.get(rendition, file), loop).result(READ_TIMEOUT_S)

        return await asyncio.to_thread(call, fetch, *arguments)


async def remove(store: ObjectStore, stream: StreamName, session: SessionId) -> None:
    """Forget all objects of a session: first what makes it a recording, last what could make it one again."""
    await store.delete([entry_key(stream, session)])
    keys = [stored.key async for stored in list_all(store, session_prefix(stream, session))]
    journal = journal_prefix(stream, session)
    await store.delete([key for key in keys if not key.startswith(journal)])
    await store.delete([key for key in keys if key.startswith(journal)])


async def make(store: ObjectStore, stream: StreamName, session: SessionId, work: Path) -> RecordingEntry | None:
    """Make a session a recording; one that is one already becomes the same again.

    Args:
        store: where its journal and media are.
        stream: its stream.
        session: its session.
        work: folder for the MP4 file until the store has it.

    Returns:
        Its entry; None if nothing of the session was kept, in which case nothing of it is left.

    Raises:
        JournalOpen: it has not ended, or not all of it is stored yet.
    """
    place = _Place(store, stream, session)
    keys = frozenset([stored.key async for stored in list_all(store, session_prefix(stream, session))])
    if not keys and not await _is_there(store, mark_key(stream, session)):
        await store.delete([entry_key(stream, session)])  # retention may have run between two attempts
        return None
    records = await _read_journal(store, keys, journal_prefix(stream, session))
    inits = {
        (record.rendition, record.number): await place.get(record.rendition, init_file(record.number))
        for record in records
        if isinstance(record, InitStored) and place.key(record.rendition, init_file(record.number)) in keys
    }
    recording = read_recording(records, inits, lambda name, file: place.key(name, file) in keys)
    if not recording.renditions:
        await remove(store, stream, session)
        return None
    files = {path: await place.put(path, text.encode()) for path, text in _playlists(recording).items()}
    if await _entry(store, stream, session) is None:
        await _put_entry(place, recording, files, None)
    for path, data in (await place.in_thread(stills.draw, recording)).items():
        files[path] = await place.put(path, data)
    plan = plan_mp4(recording)
    assert plan is not None, "a recording with renditions has something to put into a file"
    mp4 = await _put_mp4(place, plan, work)
    if mp4 is not None:
        files[MP4] = mp4
    return await _put_entry(place, recording, files, plan)


def _playlists(recording: Recording) -> dict[str, str]:
    """All playlists by path, the one that names the others last."""
    texts: dict[str, str] = {}
    for rendition in recording.renditions:
        texts[f"{rendition.name}/{PLAYLIST}"] = vod_playlist(recording, rendition)
        if rendition.iframe_bps:
            texts[f"{rendition.name}/{IFRAME_PLAYLIST}"] = vod_iframe_playlist(recording, rendition)
    return {**texts, PLAYLIST: vod_index(recording)}


async def _read_journal(store: ObjectStore, keys: Iterable[str], prefix: str) -> list[Record]:
    """All records, up to the first page that is torn."""
    records: list[Record] = []
    for key in sorted(key for key in keys if key.startswith(prefix)):
        records += parse_page(await store.get(key))
    return records


async def _is_there(store: ObjectStore, key: str) -> bool:
    try:
        await store.get(key, 0, 1)
    except ObjectUnknown:
        return False
    return True


async def _entry(store: ObjectStore, stream: StreamName, session: SessionId) -> RecordingEntry | None:
    try:
        return parse_entry(await store.get(entry_key(stream, session)))
    except ObjectUnknown:
        return None


async def _put_entry(
    place: _Place, recording: Recording, files: dict[str, KeptFile], plan: Mp4Plan | None
) -> RecordingEntry:
    kept = [segment for rendition in recording.renditions for segment in rendition.segments]
    media_bytes = sum(segment.size_bytes + segment.iframe_bytes for segment in kept)
    duration_ms = round(recording.duration_s * _MS_PER_S)
    extent = None
    if plan is not None and MP4 in files:
        start_ms, long_ms = round(plan.start_s * _MS_PER_S), round(plan.duration_s * _MS_PER_S)
        extent = Mp4Extent(start_ms, long_ms, whole=long_ms == duration_ms)
    entry = RecordingEntry(
        place.stream,
        place.session,
        recording.opened_ns,
        recording.ended_ns,
        duration_ms,
        media_bytes + sum(file.size_bytes for file in files.values()),
        tuple(_told(rendition) for rendition in recording.renditions),
        extent,
        dict(sorted(files.items())),
    )
    await place.store.put(entry_key(place.stream, place.session), print_entry(entry))
    return entry


def _told(rendition: KeptRendition) -> EntryRendition:
    track = rendition.track
    return EntryRendition(
        *(rendition.name, track.kind, track.codec, track.width, track.height),
        rendition.peak_bps,
        rendition.average_bps,
    )


async def _put_mp4(place: _Place, plan: Mp4Plan, work: Path) -> KeptFile | None:
    """The MP4 file, written in the work folder and then stored; None if libav cannot make one of this media."""
    path = work / f"{place.stream}-{place.session}.mp4"
    try:
        if not await place.in_thread(_write_mp4, plan, path):
            return None
        size_bytes, etag = await asyncio.to_thread(_measure, path)
        await place.store.put_file(recording_key(place.stream, place.session, MP4), path)
    except (av.error.InvalidDataError, av.error.ArgumentError):
        return None
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)
    return KeptFile(size_bytes, etag)


def _write_mp4(fetch: Fetch, plan: Mp4Plan, path: Path) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    return remux(plan, fetch, path)


def _measure(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()[:_ETAG_CHARS]
