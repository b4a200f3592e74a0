"""Edge: what one session keeps in the store: its files, behind them its journal, and its mark until that has an end.

The mark comes first, then the journal's first page, then each file's record once the store has the file, and the end
when nothing is on its way any more; the mark goes last. Nothing here is waited for by the live path.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Protocol

from infra.ids import RenditionName, SessionId, StreamName
from origin.in_memory import InMemory
from origin.journal import BreakPlanned, Ended, InitStored, Record, SegmentStored
from origin.journal_writer import JournalWriter, Page
from origin.model import InitSection, Segment
from origin.names import iframe_file, init_file, journal_key, mark_key, object_key, segment_file
from origin.rendition import Rendition
from origin.storage.read_through import ReadThrough

_MARK = b"unfinished\n"  # an empty object is a folder to some stores


class Put(Protocol):
    """`origin.storage.write_behind.WriteBehind.put`."""

    def __call__(self, key: str, data: bytes, on_stored: Callable[[], None] | None = None) -> None:
        """Have an object stored, some time."""
        ...


@dataclass(frozen=True, slots=True)
class Shelf:
    """What all recorders of a node share.

    Attributes:
        put: stores behind the live path's back.
        archive: reads what is in the store only.
        live_s: this much of each rendition stays in memory when it is stored; None: all that can be asked for.
    """

    put: Put
    archive: ReadThrough
    live_s: Fraction | None = None


class Recorder:
    """See the module's docstring. All methods must be called on the event loop.

    Args:
        stream: the session's stream.
        session: its id.
        shelf: where it is kept.
        journal: writes its journal; None if the store forgets everything with the process.
        on_complete: called once, when the journal has its end.
    """

    def __init__(
        self,
        stream: StreamName,
        session: SessionId,
        shelf: Shelf,
        journal: JournalWriter | None,
        on_complete: Callable[[StreamName, SessionId], None],
    ) -> None:
        self._stream = stream
        self._session = session
        self._put = shelf.put
        self._shelf = shelf
        self._in_memory: dict[RenditionName, InMemory] = {}
        self._journal = journal
        self._on_complete = on_complete
        self._on_their_way = 0  # init sections and segments
        self._end: Ended | None = None

    def begin(self, opened: Record) -> None:
        """A new session, whose journal waits for its mark."""
        if self._journal is not None:
            self._put(mark_key(self._stream, self._session), _MARK, self._page_stored)
            self._add(opened)

    def keep(self, rendition: Rendition, item: InitSection | Segment) -> None:
        """Store what there is of an item, and journal it then. What is old and stored leaves memory."""
        record, files = _record(rendition, item), _files(item)
        segment = item if isinstance(item, Segment) and not item.gap else None
        if segment is not None:
            self._let_go(rendition, self._memory_of(rendition).finished(segment.msn, segment.duration_s))
        waiting = set(files)
        self._on_their_way += 1

        def stored(file: str) -> None:
            waiting.discard(file)
            if waiting:
                return
            self._on_their_way -= 1
            self._add(record)
            self._end_when_quiet()
            if segment is not None and self._memory_of(rendition).stored(segment.msn):
                self._let_go(rendition, [segment.msn])

        for file, data in files.items():
            self._put(self._key(rendition.name, file), data, partial(stored, file))
        if not files:
            stored("")

    async def read(self, name: RenditionName, file: str, size_bytes: int) -> bytes:
        """A file of a rendition whose bytes are only in the store.

        Raises:
            ResourceGone: they are not there any more.
            HeldTooLong, OriginFull: not now.
        """
        return await self._shelf.archive.get(self._key(name, file), size_bytes)

    def plan_break(self, msn: int) -> None:
        """Journal a discontinuity."""
        self._add(BreakPlanned(msn))

    def end(self, now_ns: int) -> None:
        """The session is over; its journal will be when every file is stored."""
        self._end = Ended(now_ns)
        self._end_when_quiet()

    def _memory_of(self, rendition: Rendition) -> InMemory:
        return self._in_memory.setdefault(rendition.name, InMemory(self._shelf.live_s))

    @staticmethod
    def _let_go(rendition: Rendition, msns: Iterable[int]) -> None:
        assert rendition.window is not None, "a segment comes out of one"
        for msn in msns:
            rendition.window.let_go(msn)

    def _end_when_quiet(self) -> None:
        if self._end is not None and not self._on_their_way:
            self._add(self._end)

    def _add(self, record: Record) -> None:
        if self._journal is not None:
            self._write(self._journal.add(record))

    def _write(self, page: Page | None) -> None:
        if page is not None:
            self._put(journal_key(self._stream, self._session, page.number), page.data, self._page_stored)

    def _page_stored(self) -> None:
        assert self._journal is not None, "it wrote the page"
        self._write(self._journal.stored())
        if self._end is not None and not self._on_their_way and self._journal.settled:
            self._on_complete(self._stream, self._session)

    def _key(self, name: RenditionName, file: str) -> str:
        return object_key(self._stream, self._session, name, file)


def _files(item: InitSection | Segment) -> dict[str, bytes]:
    """What is stored of an item, by name: the media if it is whole, and the picture it begins with."""
    if isinstance(item, InitSection):
        return {init_file(item.number): item.data}
    files = {} if item.gap else {segment_file(item.msn): item.data}
    return {**files, iframe_file(item.msn): item.iframe} if item.iframe else files


def _record(rendition: Rendition, item: InitSection | Segment) -> InitStored | SegmentStored:
    """What the journal says of a file, as long as nothing follows it yet."""
    if isinstance(item, InitSection):
        return InitStored(rendition.name, item.number, item.track, len(item.data))
    window = rendition.window
    assert window is not None, "a segment comes out of one"
    return SegmentStored(
        rendition=rendition.name,
        msn=item.msn,
        init=item.init.number,
        start_ticks=item.parts[0].start_ticks if item.parts else 0,
        duration_ticks=item.duration_ticks,
        program_ns=item.program_ns,
        discontinuity=item.discontinuity,
        next_part=item.parts[-1].number + 1 if item.parts else window.next_part,
        size_bytes=0 if item.gap else item.size_bytes,
        iframe_bytes=item.iframe_bytes,
        frame_rate=rendition.frame_rate,
    )
