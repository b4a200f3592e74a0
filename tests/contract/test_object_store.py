"""What every object store must do; memory and folder alike."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra import errors
from origin.storage.contract import KeyRefused, ObjectStore, ObjectUnknown
from origin.storage.factory import open_store
from origin.storage.filesystem import FolderStore
from origin.storage.memory import MemoryStore


@pytest.fixture(params=["memory", "folder"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    """One of the stores."""
    made: ObjectStore = MemoryStore() if request.param == "memory" else FolderStore(tmp_path / "media")
    yield made
    await made.close()


async def test_what_was_put_can_be_got(store: ObjectStore) -> None:
    await store.put("cat/s1/720p/s0.m4s", b"0123456789")
    assert await store.get("cat/s1/720p/s0.m4s") == b"0123456789"


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [(0, 4, b"0123"), (4, None, b"456789"), (8, 99, b"89"), (10, None, b""), (99, None, b""), (5, 5, b"")],
)
async def test_a_range_gives_the_bytes_that_exist(
    store: ObjectStore, start: int, stop: int | None, expected: bytes
) -> None:
    await store.put("a", b"0123456789")
    assert await store.get("a", start, stop) == expected


async def test_an_object_may_be_replaced_and_may_be_empty(store: ObjectStore) -> None:
    await store.put("a", b"old")
    await store.put("a", b"")
    assert await store.get("a") == b""
    assert await store.list("") == ["a"]


@pytest.mark.parametrize("key", ["a", "a/b", "a/b/c/d"])
async def test_what_is_not_stored_is_unknown(store: ObjectStore, key: str) -> None:
    await store.put("a/b/c", b"x")
    with pytest.raises(ObjectUnknown, match="is not stored"):
        await store.get(key)


async def test_keys_are_listed_by_prefix_and_sorted(store: ObjectStore) -> None:
    for key in ("b/1", "a/s10.m4s", "a/s2.m4s", "a/init-0.mp4", "ab/x"):
        await store.put(key, b"x")
    assert await store.list("a/") == ["a/init-0.mp4", "a/s10.m4s", "a/s2.m4s"]
    assert await store.list("a/s") == ["a/s10.m4s", "a/s2.m4s"]
    assert await store.list("a") == ["a/init-0.mp4", "a/s10.m4s", "a/s2.m4s", "ab/x"]
    assert await store.list("nothing/") == []
    assert len(await store.list("")) == 5


async def test_a_deleted_object_is_gone_and_deleting_it_again_is_no_error(store: ObjectStore) -> None:
    await store.put("a/b", b"x")
    await store.put("a/c", b"y")
    for _ in range(2):
        await store.delete("a/b")
    assert await store.list("") == ["a/c"]
    with pytest.raises(ObjectUnknown):
        await store.get("a/b")


@pytest.mark.parametrize(
    "key", ["", "/", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".a", "a/.b", "a\0b", "a b", "a\\b", "x" * 513, "ä"]
)
async def test_what_is_no_key_is_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(KeyRefused, match="allowed are names of"):
        await store.put(key, b"x")


async def test_many_writers_at_once_each_store_their_object(store: ObjectStore) -> None:
    await asyncio.gather(*(store.put(f"s/{n}", bytes([n]) * 1000) for n in range(50)))
    assert len(await store.list("s/")) == 50
    assert await store.get("s/49") == bytes([49]) * 1000


async def test_memory_is_bounded_and_the_oldest_objects_make_room() -> None:
    store = MemoryStore(limit_bytes=100)
    for n in range(20):
        await store.put(f"k{n:02}", bytes(10))
    assert await store.list("") == [f"k{n:02}" for n in range(10, 20)]
    await store.put("large", bytes(101))
    assert await store.list("") == []


async def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.put("a/b", b"x")
    with pytest.raises(OSError, match="Is a directory"):
        await store.put("a", b"y")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b"]
    await store.close()


async def test_the_folder_of_the_last_object_goes_with_it(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.put("a/b/c", b"x")
    await store.delete("a/b/c")
    assert list(tmp_path.iterdir()) == []
    await store.close()


async def test_a_prefix_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    store = FolderStore(tmp_path / "media")
    assert await store.list("../") == []
    await store.close()


def test_a_setting_names_a_store(tmp_path: Path) -> None:
    assert isinstance(open_store("memory"), MemoryStore)
    assert isinstance(open_store(f"file:{tmp_path}/new/folder"), FolderStore)
    assert (tmp_path / "new" / "folder").is_dir()


@pytest.mark.parametrize("setting", ["", "file", "file:", "s3://bucket", "memory:x", "/tmp/x"])
def test_any_other_setting_is_refused_with_what_is_allowed(setting: str) -> None:
    with pytest.raises(errors.BadRequest, match="allowed are memory and file:PATH"):
        open_store(setting)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(errors.BadRequest, match="the folder cannot be made"):
        open_store(f"file:{tmp_path}/file/below")
