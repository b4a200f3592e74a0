"""Whatever happens to what waits for the store, nothing is lost, nothing comes back, and the counts are right."""

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from origin.storage.pending import Entry, Ledger, Room

KEYS = st.sampled_from("abc")


@dataclass
class Disk:
    """What the caller does with files."""

    files: dict[str, bytes] = field(default_factory=dict)

    def remove(self, names: list[str]) -> None:
        for name in names:
            del self.files[name]


class LedgerMachine(RuleBasedStateMachine):
    """Objects come, are spilled, written, refused, deleted, in any order; none is lost, none comes back."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(Room(10_000, 200))
        self.disk = Disk()
        self.store: dict[str, bytes] = {}
        self.newest: dict[str, bytes] = {}
        self.busy: list[tuple[Entry, bytes]] = []
        self.spilling: Entry | None = None
        self.count = 0

    @rule(key=KEYS)
    def put(self, key: str) -> None:
        self.count += 1
        self.newest[key] = b"%d" % self.count
        assert self.ledger.add(key, self.newest[key], self.count) == []

    @rule()
    def take(self) -> None:
        if entry := self.ledger.take():
            assert entry.key not in [other.key for other, _ in self.busy]
            self.disk.remove(self.ledger.drop_old_files(entry))
            data = entry.data if entry.data is not None else self.disk.files[entry.files[-1].name]
            self.busy.append((entry, data))

    @precondition(lambda self: self.busy)
    @rule(works=st.booleans())
    def finish(self, *, works: bool) -> None:
        entry, data = self.busy.pop(0)
        if not works:
            self.ledger.failed(entry)
            return
        self.store[entry.key] = data
        current = self.ledger.stored(entry)
        assert current == (self.newest.get(entry.key) == data)
        if not current and entry.key not in self.ledger:
            del self.store[entry.key]
        self.disk.remove(self.ledger.drop_files(entry))

    @rule()
    def begin_spilling(self) -> None:
        self.spilling = self.spilling or self.ledger.to_spill(10**9)

    @precondition(lambda self: self.spilling)
    @rule()
    def end_spilling(self) -> None:
        entry, self.spilling = self.spilling, None
        assert entry is not None
        file = self.ledger.next_file(entry)
        self.disk.files[file.name] = entry.data if entry.data is not None else b"x" * file.size_bytes
        self.disk.remove(self.ledger.spilled(entry, file))

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        self.newest.pop(key, None)
        self.store.pop(key, None)
        if entry := self.ledger.forget(key):
            self.disk.remove(self.ledger.drop_files(entry))

    @invariant()
    def nothing_is_lost(self) -> None:
        for key, data in self.newest.items():
            assert self.store.get(key) == data or key in self.ledger

    @invariant()
    def what_is_counted_is_there(self) -> None:
        assert self.ledger.disk_bytes == sum(map(len, self.disk.files.values()))
        assert self.ledger.pending_bytes == sum(len(self.newest[key]) for key in self.newest if key in self.ledger)
        assert self.ledger.memory_bytes >= sum(entry.size_bytes for entry in self.ledger.exposed())

    def teardown(self) -> None:
        while self.busy:
            self.finish(works=True)
        self.take()
        while self.busy:
            self.finish(works=True)
            self.take()
        assert self.store == self.newest
        assert len(self.ledger) == self.ledger.memory_bytes == self.ledger.disk_bytes == 0
        assert not self.disk.files


TestLedger = LedgerMachine.TestCase
