"""Pure: in which order the pages of a journal are written: one at a time, each record once the page has been.

Theory of operation. Records are added when what they tell is safe. At most one page is being written; what is added
meanwhile goes into the next version of that page, or into the page behind it when it is full, as soon as the store has
the one before. So no page is ever there without those before it, and a store that is slow is asked less often.

Assumes of its caller: a page that it was given is put into the store, and `stored` is called when it is there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from origin.journal import PAGE_RECORDS, Record, print_page


@dataclass(frozen=True, slots=True)
class Page:
    """A version of a page, to be stored now."""

    number: int
    data: bytes


class JournalWriter:
    """See the module's theory of operation.

    Args:
        page: number of the page that is written first.
        records: what that page holds already, safe in the store.
        waiting: nothing may be written until `stored` is called a first time, because something else must come first.
    """

    __slots__ = ("_lines", "_page", "_safe", "_writing")

    def __init__(self, page: int = 0, records: Sequence[Record] = (), *, waiting: bool = False) -> None:
        self._page = page
        self._lines = [print_page([record]) for record in records]  # of this page and those to come
        self._safe = len(self._lines)  # how many of them are in the store
        self._writing: int | None = self._safe if waiting else None  # how many will be when the write has ended

    @property
    def settled(self) -> bool:
        """Everything that was added is safe."""
        return self._writing is None and self._safe == len(self._lines)

    def add(self, *records: Record) -> Page | None:
        """Some records more; the page to store now, unless one is being written."""
        self._lines += [print_page([record]) for record in records]
        return self._next() if self._writing is None else None

    def stored(self) -> Page | None:
        """The store has the page that was given last; the next one, if there is something to write."""
        assert self._writing is not None, "one answer to one page"
        self._safe, self._writing = self._writing, None
        return self._next()

    def _next(self) -> Page | None:
        if self._safe == PAGE_RECORDS:
            self._page += 1
            self._lines = self._lines[PAGE_RECORDS:]
            self._safe = 0
        if self._safe == len(self._lines):
            return None
        held = self._lines[:PAGE_RECORDS]
        self._writing = len(held)
        return Page(self._page, b"".join(held))
