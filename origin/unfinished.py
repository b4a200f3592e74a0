"""Edge: sessions that a crash left without an end: read from the store, looked after, each as good as it can be had.

A session whose publisher may return is revived (`origin.recovery`): what its journal names is looked for in the store,
and what is not there as the journal says becomes a gap. Every other one gets its end. A store that does not answer is
asked again until it does. What the store took and the journal could not tell any more is told first.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import structlog

from infra import errors
from infra.clock import Clock
from infra.ids import RenditionName, SessionId, StreamName
from origin import metrics
from origin.archive import Archive
from origin.found_segment import read_found
from origin.journal import MAX_PAGE_BYTES, Record, SegmentStored, parse_page
from origin.journal_writer import JournalWriter
from origin.names import iframe_file, init_file, journal_key, journal_prefix, object_key, segment_file
from origin.recovery import MAX_LOST, FileKey, InitKey, Past, Plan, plan_revival, read_past, revive
from origin.session import MAX_SEGMENT_BYTES, Session
from origin.storage.contract import list_all
from origin.storage.write_behind import WriteBehind

RETRY_FIRST_S, RETRY_CAP_S = 0.5, 15.0
READS = 16  # at once; a minute of four renditions is looked at in a tenth of a second

_log = structlog.get_logger("origin.unfinished")


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A marked session.

    Attributes:
        stream: its stream.
        session: its id.
        journal: goes on with its journal.
        past: what the journal says; None if it has not even a beginning.
    """

    stream: StreamName
    session: SessionId
    journal: JournalWriter
    past: Past | None

    @property
    def opened_ns(self) -> int:
        """When it began; 0 if its journal does not say."""
        return self.past.opened.opened_ns if self.past else 0


class Recovery:
    """Reads all marked sessions once, newest first, and hands each to its owner.

    Args:
        archive: where they are.
        known: whether a mark is that of a session of this process.
        may_return: whether a publisher's return to this session is waited for.
        take_up: is given each session, revived if it can be; whether it is served then.
    """

    def __init__(
        self,
        archive: Archive,
        known: Callable[[StreamName, SessionId], bool],
        may_return: Callable[[Unfinished], bool],
        take_up: Callable[[Unfinished, Session | None], bool],
    ) -> None:
        self._reader = StoreReader(archive.storage)
        self._marks = archive.marks
        self._known = known
        self._may_return = may_return
        self._take_up = take_up
        self._task: asyncio.Task[None] | None = None

    def start(self, clock: Clock) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(clock), name="recovery")

    async def done(self, seconds: float) -> None:
        """Wait for the end, at most so long."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds)

    async def close(self) -> None:
        """Stop, if it is not at its end."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self, clock: Clock) -> None:
        delay_s = RETRY_FIRST_S
        while True:
            try:
                await self._take_up_all(clock)
            except Exception as error:  # noqa: BLE001  whatever a store fails with, the next try may succeed
                _log.warning("unfinished sessions cannot be read, will be tried again", why=repr(error))
                await asyncio.sleep(delay_s)
                delay_s = min(RETRY_CAP_S, 2 * delay_s)
            else:
                return

    async def _take_up_all(self, clock: Clock) -> None:
        marked = [key for key in await self._marks.read() if not self._known(*key)]
        found = await asyncio.gather(*(self._reader.read(*key) for key in marked))
        for unfinished in sorted(found, key=lambda each: each.opened_ns, reverse=True):
            revived = None
            if self._may_return(unfinished):
                revived = await self._reader.revive(unfinished, clock.now_ns())
            outcome = "revived" if self._take_up(unfinished, revived) else "ended"
            metrics.RECOVERED.labels(outcome).inc()
            _log.warning("unfinished session", stream=unfinished.stream, session=unfinished.session, outcome=outcome)


class StoreReader:
    """Reads what a crash left. Whatever the store fails with is raised; reading again does no harm."""

    def __init__(self, storage: WriteBehind) -> None:
        self._storage = storage
        self._turns = asyncio.Semaphore(READS)

    async def read(self, stream: StreamName, session: SessionId) -> Unfinished:
        """The journal of a session; pages behind one that is torn are removed, for nothing in them is believed."""
        keys = [stored.key async for stored in list_all(self._storage, journal_prefix(stream, session))]
        pages = list(await asyncio.gather(*(self._page(stream, session, number) for number in range(len(keys)))))
        while page := await self._page(stream, session, len(pages)):  # it waits for the store since the crash
            pages.append(page)
        believed, past = await asyncio.to_thread(_read_journal, pages)
        await self._storage.delete([key for key in keys if key not in _page_keys(stream, session, len(believed))])
        writer = JournalWriter(max(0, len(believed) - 1), believed[-1] if believed else ())
        unfinished = Unfinished(stream, session, writer, past)
        if past is None or past.ended:
            return unfinished
        found = [record for name in past.segments for record in await self._found(unfinished, past, name)]
        await self._write(unfinished, found)
        return replace(unfinished, past=past.with_found(found))

    async def revive(self, unfinished: Unfinished, now_ns: int) -> Session | None:
        """The session as it can go on, journalled as it will be served; None if it cannot."""
        past = unfinished.past
        if past is None or past.ended:
            return None
        plan = await asyncio.to_thread(plan_revival, past, now_ns)
        if plan is None:
            return None
        inits = await self._inits(unfinished, past, plan)
        if inits is None:
            return None
        lost = await self._lost(unfinished, plan)
        await self._write(unfinished, plan.gaps)
        return await asyncio.to_thread(revive, past, plan, inits, lost)

    async def _found(self, of: Unfinished, past: Past, name: RenditionName) -> list[SegmentStored]:
        """The segments of a rendition that the store has and the journal does not tell of, each behind a known one."""
        known = past.segments[name]
        newest = max(known)
        msn = max(min(known), newest - MAX_LOST)
        before, found = None, []
        while msn <= newest or before is not None:
            record = known.get(msn)
            if record is None and before is not None:
                record = await self._look(of, past, before)
                found += [record] if record else []
            before = record
            msn += 1
        return found

    async def _look(self, of: Unfinished, past: Past, before: SegmentStored) -> SegmentStored | None:
        """The segment behind a known one, if the store has it."""
        name, msn = before.rendition, before.msn + 1
        data = await self._file(of, name, segment_file(msn), MAX_SEGMENT_BYTES)
        if not data:
            return None
        init = await self._file(of, name, init_file(before.init), MAX_PAGE_BYTES)
        iframe = await self._file(of, name, iframe_file(msn), MAX_SEGMENT_BYTES)
        found = read_found(past, before, init, data)
        return None if found is None else replace(found, iframe_bytes=len(iframe))

    async def _write(self, of: Unfinished, records: Iterable[Record]) -> None:
        """Go on with a journal, and wait until it is stored."""
        page = of.journal.add(*records)
        while page is not None:
            stored = asyncio.Event()
            self._storage.put(journal_key(of.stream, of.session, page.number), page.data, stored.set)
            await stored.wait()
            page = of.journal.stored()

    async def _inits(self, of: Unfinished, past: Past, plan: Plan) -> dict[InitKey, bytes] | None:
        """The bytes of the init sections; None if one is not there as the journal says: nothing decodes without it."""
        found = {}
        for name, number in plan.inits:
            data = await self._file(of, name, init_file(number), MAX_PAGE_BYTES)
            if len(data) != past.inits[name, number].size_bytes:
                _log.error("init section is not stored", stream=of.stream, session=of.session, rendition=name)
                return None
            found[name, number] = data
        return found

    async def _lost(self, of: Unfinished, plan: Plan) -> set[FileKey]:
        """The files of segments that are not there as the journal says."""
        stored: dict[str, int] = {}
        for name in plan.listed:
            prefix = object_key(of.stream, of.session, name, "")
            stored |= {each.key: each.size_bytes async for each in list_all(self._storage, prefix)}
        keys = {file: object_key(of.stream, of.session, *file) for file in plan.files}
        unlisted = [file for file, size_bytes in plan.files.items() if stored.get(keys[file]) != size_bytes]
        there = await asyncio.gather(*(self._is_there(keys[file], plan.files[file]) for file in unlisted))
        lost = {file for file, found in zip(unlisted, there, strict=True) if not found}
        if lost:
            _log.error("stored segments are not there", stream=of.stream, session=of.session, files=len(lost))
        return lost

    async def _is_there(self, key: str, size_bytes: int) -> bool:
        """An object has this length, as one that waits for the store may: one byte is left from the last one on."""
        return len(await self._get(key, size_bytes + 1, size_bytes - 1)) == 1

    async def _file(self, of: Unfinished, name: RenditionName, file: str, stop: int) -> bytes:
        return await self._get(object_key(of.stream, of.session, name, file), stop)

    async def _page(self, stream: StreamName, session: SessionId, number: int) -> bytes:
        return await self._get(journal_key(stream, session, number), MAX_PAGE_BYTES)

    async def _get(self, key: str, stop: int, start: int = 0) -> bytes:
        """Bytes of an object; none if it is not there."""
        async with self._turns:
            try:
                return await self._storage.get(key, start, stop)
            except errors.NotFound:
                return b""


def _read_journal(pages: Iterable[bytes]) -> tuple[list[list[Record]], Past | None]:
    """The records of each page up to the first that is torn, itself included; and what they say together."""
    believed: list[list[Record]] = []
    for page in pages:
        believed.append(parse_page(page))
        if not page.endswith(b"\n") or page.count(b"\n") != len(believed[-1]):
            break
    return believed, read_past(record for records in believed for record in records)


def _page_keys(stream: StreamName, session: SessionId, count: int) -> set[str]:
    return {journal_key(stream, session, number) for number in range(count)}
