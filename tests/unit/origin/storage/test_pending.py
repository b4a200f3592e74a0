"""The ledger of what is not safe yet."""

from origin.storage.contract import Stored
from origin.storage.pending import Entry, Ledger, Room

ALL = 10**18  # whenever it was finished
ROOM = Room(memory_bytes=1000, disk_bytes=1000)


def ledger_with(*keys: str, room: Room = ROOM, size: int = 100) -> Ledger:
    ledger = Ledger(room)
    for n, key in enumerate(keys):
        assert ledger.add(key, bytes(size), n) == []
    return ledger


def taken(ledger: Ledger) -> Entry:
    entry = ledger.take()
    assert entry is not None
    return entry


def spill(ledger: Ledger) -> str:
    """Spill the next object; its key."""
    entry = ledger.to_spill(ALL)
    assert entry is not None
    assert ledger.spilled(entry, ledger.next_file(entry)) == []
    return entry.key


def test_room_is_what_both_hold() -> None:
    assert ROOM.total_bytes == 2000


def test_objects_are_written_oldest_first_and_counted_until_they_are_stored() -> None:
    ledger = ledger_with("a", "b")
    assert (len(ledger), ledger.pending_bytes, ledger.memory_bytes, ledger.oldest_ns) == (2, 200, 200, 0)
    first = taken(ledger)
    assert first.key == "a"
    assert len(ledger) == 2
    assert ledger.stored(first)
    assert (len(ledger), ledger.pending_bytes, ledger.oldest_ns) == (1, 100, 1)
    assert ledger.stored(taken(ledger))
    assert (len(ledger), ledger.pending_bytes, ledger.memory_bytes, ledger.oldest_ns) == (0, 0, 0, None)
    assert ledger.take() is None


def test_one_that_fails_goes_to_the_end_of_its_row_and_keeps_its_age() -> None:
    ledger = ledger_with("a", "b")
    ledger.failed(taken(ledger))
    assert ledger.oldest_ns == 0
    assert [taken(ledger).key, taken(ledger).key] == ["b", "a"]


def test_fresh_and_spilled_objects_take_turns() -> None:
    ledger = ledger_with("a", "b", "c", "d")
    assert [spill(ledger), spill(ledger)] == ["a", "b"]
    assert [taken(ledger).key for _ in range(4)] == ["a", "c", "b", "d"]


def test_a_key_put_again_is_written_with_its_newest_bytes_only() -> None:
    ledger = ledger_with("a", "b")
    ledger.add("a", b"new", 5)
    assert (len(ledger), ledger.pending_bytes) == (2, 103)
    assert taken(ledger).key == "b"
    again = taken(ledger)
    assert (again.key, again.data) == ("a", b"new")


def test_a_key_put_again_while_it_is_written_follows_when_that_is_done() -> None:
    for done in (Ledger.stored, Ledger.failed):
        ledger = ledger_with("a")
        old = taken(ledger)
        ledger.add("a", b"new", 5)
        assert ledger.take() is None
        assert not done(ledger, old)
        assert taken(ledger).data == b"new"


def test_what_is_told_when_an_object_is_stored_is_told_when_its_successor_is() -> None:
    ledger = ledger_with("a")
    told: list[str] = []
    first = ledger.find("a")
    assert first is not None
    first.on_stored.append(lambda: told.append("first"))
    ledger.add("a", b"new", 5)
    newest = ledger.find("a")
    assert newest is not None
    assert (len(newest.on_stored), first.on_stored) == (1, [])


def test_half_of_the_memory_may_be_filled_before_anything_is_spilled() -> None:
    ledger = ledger_with("a", "b", "c", "d", "e")
    assert ledger.to_spill(0) is None
    ledger.add("f", bytes(1), 9)
    entry = ledger.to_spill(0)
    assert entry is not None
    assert entry.key == "a"


def test_what_has_waited_long_enough_is_spilled_even_while_it_is_written() -> None:
    ledger = ledger_with("a", "b")
    busy = taken(ledger)
    assert ledger.to_spill(0) is None
    assert ledger.to_spill(1) is busy
    assert ledger.spilled(busy, ledger.next_file(busy)) == []
    assert ledger.to_spill(1) is None
    assert [entry.key for entry in ledger.exposed()] == ["b"]
    assert ledger.stored(busy)
    assert ledger.drop_files(busy) == ["a.000000000001"]
    assert (ledger.memory_bytes, ledger.disk_bytes) == (100, 0)


def test_what_replaces_an_object_that_is_being_written_is_spilled_too() -> None:
    ledger = ledger_with("a")
    old = taken(ledger)
    ledger.add("a", b"new", 5)
    assert spill(ledger) == "a"
    assert ledger.memory_bytes == 0
    assert not ledger.stored(old)
    newest = taken(ledger)
    assert (newest.data, newest.spilled, newest.since_ns) == (None, True, 5)


def test_a_spilled_object_is_in_its_file_and_not_in_memory() -> None:
    ledger = ledger_with("a")
    entry = ledger.to_spill(ALL)
    assert entry is not None
    file = ledger.next_file(entry)
    assert file.name == "a.000000000001"
    assert ledger.spilled(entry, file) == []
    assert (ledger.memory_bytes, ledger.disk_bytes, ledger.pending_bytes) == (0, 100, 100)
    assert entry.data is None
    assert ledger.to_spill(ALL) is None
    assert ledger.stored(taken(ledger))
    assert ledger.drop_files(entry) == ["a.000000000001"]
    assert (ledger.disk_bytes, ledger.pending_bytes) == (0, 0)


def test_what_finds_no_room_on_the_disk_is_not_spilled() -> None:
    ledger = ledger_with("a", "b", room=Room(1000, 150))
    spill(ledger)
    assert ledger.to_spill(ALL) is None
    assert [entry.key for entry in ledger.exposed()] == ["b"]


def test_what_finds_no_room_in_memory_is_given_up_but_not_what_is_being_written() -> None:
    ledger = ledger_with("a", "b", size=400)
    busy = taken(ledger)
    assert [entry.key for entry in ledger.add("c", bytes(400), 5)] == ["b"]
    assert [entry.key for entry in ledger.add("d", bytes(700), 6)] == ["c", "d"]
    assert (len(ledger), ledger.memory_bytes) == (1, 400)
    assert ledger.stored(busy)


def test_a_file_of_an_object_that_was_stored_or_replaced_meanwhile_must_go() -> None:
    ledger = ledger_with("a", "b")
    entry = ledger.to_spill(ALL)
    assert entry is not None
    file = ledger.next_file(entry)
    assert ledger.stored(taken(ledger))
    assert ledger.spilled(entry, file) == ["a.000000000001"]
    assert ledger.disk_bytes == 0


def test_an_object_that_is_spilled_while_it_is_written_waits_on_the_disk_when_that_fails() -> None:
    ledger = ledger_with("a")
    entry = ledger.to_spill(ALL)
    assert entry is not None
    busy = taken(ledger)
    assert ledger.spilled(entry, ledger.next_file(entry)) == []
    assert (busy.data, ledger.memory_bytes) == (bytes(100), 100)
    ledger.failed(busy)
    assert (busy.data, ledger.memory_bytes) == (None, 0)
    assert taken(ledger) is entry
    ledger.failed(entry)
    assert taken(ledger) is entry


def test_the_files_of_what_is_replaced_go_before_what_replaces_it_is_stored() -> None:
    ledger = ledger_with("a")
    spill(ledger)
    ledger.add("a", b"new", 5)
    newest = taken(ledger)
    assert ledger.drop_old_files(newest) == ["a.000000000001"]
    assert ledger.drop_files(newest) == []
    assert ledger.disk_bytes == 0


def test_the_files_of_what_is_replaced_go_when_what_replaces_it_is_spilled() -> None:
    ledger = ledger_with("a")
    spill(ledger)
    ledger.add("a", b"new", 5)
    entry = ledger.to_spill(ALL)
    assert entry is not None
    assert ledger.spilled(entry, ledger.next_file(entry)) == ["a.000000000001"]
    assert ledger.drop_old_files(entry) == []
    assert ledger.disk_bytes == 3
    assert ledger.drop_files(entry) == ["a.000000000002"]


def test_what_is_forgotten_waits_no_more_even_if_it_is_being_written() -> None:
    ledger = ledger_with("a", "b")
    busy = taken(ledger)
    assert ledger.forget("a") is busy
    assert ledger.forget("c") is None
    assert "a" not in ledger
    assert "b" in ledger
    assert not ledger.stored(busy)
    assert [taken(ledger).key] == ["b"]


def test_files_from_the_last_run_wait_by_age_and_the_newest_of_a_key_counts() -> None:
    ledger = Ledger(ROOM)
    ledger.restore(
        [
            Stored("cat/b.000000000007", 10, 300),
            Stored("cat/a.000000000009", 20, 200),
            Stored("cat/b.000000000005", 30, 100),
            Stored("foreign", 1000, 1),
            Stored("foreign.txt", 1000, 1),
            Stored("foreign.00000000000x", 1000, 1),
        ]
    )
    assert (len(ledger), ledger.pending_bytes, ledger.disk_bytes, ledger.oldest_ns) == (2, 30, 60, 200)
    first, second = taken(ledger), taken(ledger)
    assert (first.key, second.key) == ("cat/a", "cat/b")
    assert ledger.drop_old_files(second) == ["cat/b.000000000005"]
    assert ledger.next_file(first).name == "cat/a.000000000010"
