"""Edge: the store as the sessions of a node see it: where each is kept, what is read back, which have no end."""

from collections.abc import Callable
from fractions import Fraction

from infra.ids import SessionId, StreamName
from infra.settings import Settings
from origin.errors import DvrRefused
from origin.journal_writer import JournalWriter
from origin.marks import HandOn, Marks
from origin.recorder import Recorder, Shelf
from origin.retention import parse_retention
from origin.storage.read_through import ReadThrough
from origin.storage.write_behind import FLUSH_S, WriteBehind


class Archive:
    """Makes the recorders of sessions; all methods must be called on the event loop.

    Args:
        settings: window lengths, retention.
        storage: takes finished media and gives it back.
        hand_on: takes each session whose journal has its end.

    Attributes:
        storage: the same.
        marks: which stored sessions have no end.
        retention: how long what is stored is kept.

    Raises:
        DvrRefused: the settings ask for a long list and for a store that forgets.
        RetentionRefused: a rule of the settings means nothing.
    """

    def __init__(self, settings: Settings, storage: WriteBehind, hand_on: HandOn | None = None) -> None:
        if settings.dvr_window_s and not storage.durable:
            raise DvrRefused("dvr_window_s refused: it needs a store that keeps what it is given, such as file:PATH")
        self.storage = storage
        self.marks = Marks(storage, hand_on)
        kept_s = 2 * settings.dvr_window_s  # what left the list may still be asked for as long again
        self.retention = parse_retention(settings.retention, max(settings.window_s, kept_s))
        self._memory_s = Fraction(settings.window_s)
        self._list_s = max(self._memory_s, Fraction(settings.dvr_window_s))
        self._reads = ReadThrough(storage)
        self._shelf = Shelf(storage.put, self._reads, self._memory_s if settings.dvr_window_s else None)
        self._discarding = Shelf(_discard, self._reads)

    def window_s(self, stream: StreamName) -> Fraction:
        """How long the list of a stream is: as long as memory reaches if nothing of it is stored."""
        return self._list_s if self.retention.stores(stream) else self._memory_s

    def recorder(self, stream: StreamName, session: SessionId, journal: JournalWriter) -> Recorder:
        """What keeps a session; without a journal if the store forgets everything with the process."""
        if not self.retention.stores(stream):
            return Recorder(stream, session, self._discarding, None, self.marks.remove)
        kept = journal if self.storage.durable else None
        return Recorder(stream, session, self._shelf, kept, self.marks.remove)

    async def close(self) -> None:
        """When every session has ended: give the journals their ends, within a bounded time."""
        if self.storage.works:
            await self.storage.flush(FLUSH_S)  # a journal's end is put when the media before it is stored
        await self.marks.close()
        await self._reads.close()


def _discard(key: str, data: bytes, on_stored: Callable[[], None] | None = None) -> None:
    """Finished media of a stream of which nothing is stored."""
