"""Pure: the ledger of what is finished and not safe in the store yet: what to write next, what to put on the disk.

Theory of operation. An object is *fresh* (its bytes are in memory, it waits), *spilled* (its bytes are in a file, it
waits), or *busy* (somebody writes it to the store). The writer takes fresh and spilled objects in turn, the oldest
first, so that a backlog shrinks while new objects do not wait behind all of it; one that fails goes to the end of its
row. What is in memory only, fresh or busy, is *exposed*: it is to be spilled when it has waited for a time that the
caller sets, or the oldest of it when half of the memory is full; when all of it is, the oldest fresh object is given
up. A key is written by one writer at a time; put again meanwhile, the newest bytes follow. Every spilling makes a new
file, so that files of one key cannot be confused; older ones must go before newer bytes are stored, or a restart would
bring them back. The caller performs what is returned, and says when it is done.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from origin.storage.contract import Stored

OnStored = Callable[[], None]
_SERIAL_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes may wait in memory and in files; no files if there is no room for any."""

    memory_bytes: int = 256 << 20  # four minutes of 8 Mbit/s
    disk_bytes: int = 0

    @property
    def total_bytes(self) -> int:
        """Both together."""
        return self.memory_bytes + self.disk_bytes


@dataclass(frozen=True, slots=True)
class SpillFile:
    """A file with an object's bytes; its name is ``{key}.{serial}``."""

    name: str
    size_bytes: int


@dataclass(slots=True, eq=False)
class Entry:
    """An object that is not safe yet.

    Attributes:
        key: where it will be stored.
        size_bytes: of the object.
        since_ns: when it was finished, Unix time.
        data: its bytes; None: they are in its newest file.
        files: of this key, oldest first.
        spilled: the newest of them holds its bytes.
        on_stored: called when the store has it.
    """

    key: str
    size_bytes: int
    since_ns: int
    data: bytes | None
    files: list[SpillFile] = field(default_factory=list)
    spilled: bool = False
    on_stored: list[OnStored] = field(default_factory=list)


class Ledger:
    """See the module's theory of operation.

    Attributes:
        pending_bytes: size of all objects.
        memory_bytes: size of those whose bytes are in memory.
        disk_bytes: size of the files.
    """

    __slots__ = (
        "_busy",
        "_entries",
        "_exposed",
        "_fresh",
        "_room",
        "_serial",
        "_spilled",
        "_spilled_first",
        "disk_bytes",
        "memory_bytes",
        "pending_bytes",
    )

    def __init__(self, room: Room) -> None:
        self._room = room
        self._entries: dict[str, Entry] = {}  # oldest first
        self._fresh: dict[str, Entry] = {}  # next first
        self._spilled: dict[str, Entry] = {}  # next first
        self._busy: dict[str, Entry] = {}
        self._exposed: dict[str, Entry] = {}  # in memory only, oldest first
        self._spilled_first = True
        self._serial = 0
        self.pending_bytes = 0
        self.memory_bytes = 0
        self.disk_bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    @property
    def oldest_ns(self) -> int | None:
        """Since when the oldest object waits."""
        return next((entry.since_ns for entry in self._entries.values()), None)

    def find(self, key: str) -> Entry | None:
        """The newest object under a key."""
        return self._entries.get(key)

    # What comes

    def add(self, key: str, data: bytes, now_ns: int) -> list[Entry]:
        """An object is finished; the objects that are given up for it, most often none."""
        entry = Entry(key, len(data), now_ns, data)
        if before := self.forget(key):
            entry.files, before.files = before.files, []
            entry.on_stored, before.on_stored = before.on_stored, []
        self._entries[key] = self._exposed[key] = entry
        self.memory_bytes += entry.size_bytes
        self.pending_bytes += entry.size_bytes
        self._line_up(entry)
        given_up = []
        while self.memory_bytes > self._room.memory_bytes and self._fresh:
            oldest = next(iter(self._fresh.values()))
            self.forget(oldest.key)
            given_up.append(oldest)
        return given_up

    def restore(self, found: Iterable[Stored]) -> None:
        """Take up the files that were there when the node started."""
        for stored in sorted(found, key=lambda stored: stored.modified_ns):
            key, _, serial = stored.key.rpartition(".")
            if not key or len(serial) != _SERIAL_DIGITS or not serial.isdecimal():
                continue
            self._serial = max(self._serial, int(serial))
            self.disk_bytes += stored.size_bytes
            before = self.forget(key)
            files = [*(before.files if before else ()), SpillFile(stored.key, stored.size_bytes)]
            files.sort(key=lambda file: file.name)  # of one key, so by serial
            size_bytes = files[-1].size_bytes
            self._entries[key] = Entry(key, size_bytes, stored.modified_ns, None, files, spilled=True)
            self._spilled[key] = self._entries[key]
            self.pending_bytes += size_bytes

    # What is written to the store

    def take(self) -> Entry | None:
        """The object to write next; `stored` or `failed` must follow."""
        rows = (self._spilled, self._fresh) if self._spilled_first else (self._fresh, self._spilled)
        row = rows[0] or rows[1]
        if not row:
            return None
        self._spilled_first = not self._spilled_first
        key = next(iter(row))
        self._busy[key] = entry = row.pop(key)
        return entry

    def stored(self, entry: Entry) -> bool:
        """The store has it; False if it was forgotten or replaced meanwhile; `drop_files` follows."""
        del self._busy[entry.key]
        if self._entries.get(entry.key) is entry:
            self.forget(entry.key)
            return True
        self._line_up_newest(entry.key)
        return False

    def failed(self, entry: Entry) -> None:
        """The store does not have it; it waits again, unless it was forgotten or replaced meanwhile."""
        del self._busy[entry.key]
        if entry.spilled:
            self._drop_data(entry)
        self._line_up_newest(entry.key)

    # What is put on the disk

    def exposed(self) -> list[Entry]:
        """The objects that are in memory only."""
        return list(self._exposed.values())

    def to_spill(self, finished_before_ns: int) -> Entry | None:
        """An object to put into a file; None: that is not needed, or there is no room.

        Args:
            finished_before_ns: what was finished before is to be spilled, anything else only if memory is half full.
        """
        entry = next(iter(self._exposed.values()), None)
        if entry is None or self.disk_bytes + entry.size_bytes > self._room.disk_bytes:
            return None
        half_full = self.memory_bytes > self._room.memory_bytes // 2
        return entry if half_full or entry.since_ns < finished_before_ns else None

    def next_file(self, entry: Entry) -> SpillFile:
        """A file to put it into; `spilled` follows when that is done."""
        self._serial += 1
        return SpillFile(f"{entry.key}.{self._serial:0{_SERIAL_DIGITS}}", entry.size_bytes)

    def spilled(self, entry: Entry, file: SpillFile) -> list[str]:
        """Its bytes are in a file; the names of the files that must go now."""
        if self._entries.get(entry.key) is not entry:  # stored, forgotten or replaced meanwhile
            return [file.name]
        self.disk_bytes += file.size_bytes
        old = self.drop_old_files(entry)
        entry.files.append(file)
        entry.spilled = True
        del self._exposed[entry.key]
        if self._busy.get(entry.key) is not entry:
            self._drop_data(entry)
        if self._fresh.pop(entry.key, None):
            self._spilled[entry.key] = entry
        return old

    def drop_old_files(self, entry: Entry) -> list[str]:
        """Before it is stored: the names of the files that hold what it replaces, which must go."""
        kept = entry.files[-1:] if entry.spilled else []
        dropped = [file for file in entry.files if file not in kept]
        return self._drop(entry, dropped)

    def drop_files(self, entry: Entry) -> list[str]:
        """When it is stored or forgotten: the names of its files, which must go."""
        return self._drop(entry, entry.files)

    def forget(self, key: str) -> Entry | None:
        """An object need not be stored any more; the object, for which `drop_files` follows."""
        entry = self._entries.pop(key, None)
        self._fresh.pop(key, None)
        self._spilled.pop(key, None)
        self._exposed.pop(key, None)
        if entry is not None:
            self.pending_bytes -= entry.size_bytes
            self._drop_data(entry)
        return entry

    # Rows

    def _drop(self, entry: Entry, dropped: list[SpillFile]) -> list[str]:
        entry.files = [file for file in entry.files if file not in dropped]
        self.disk_bytes -= sum(file.size_bytes for file in dropped)
        return [file.name for file in dropped]

    def _drop_data(self, entry: Entry) -> None:
        if entry.data is not None:
            self.memory_bytes -= entry.size_bytes
            entry.data = None

    def _line_up(self, entry: Entry) -> None:
        if entry.key not in self._busy:
            (self._spilled if entry.data is None else self._fresh)[entry.key] = entry

    def _line_up_newest(self, key: str) -> None:
        if (entry := self._entries.get(key)) is not None:
            self._line_up(entry)
