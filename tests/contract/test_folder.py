"""The store in a folder, beyond what every store must do."""

import os
from pathlib import Path

import pytest

from infra.clock import SystemClock
from infra.settings import Fsync, Settings
from origin.storage.contract import list_all
from origin.storage.errors import StoreMisconfigured, StoreTroubled
from origin.storage.factory import open_store
from origin.storage.filesystem import UNFINISHED, FolderStore
from origin.storage.memory import MemoryStore


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


async def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.put("a/b", b"x")
    with pytest.raises(StoreTroubled, match="Is a directory"):
        await store.put("a", b"y")
    assert files(tmp_path) == ["a/b"]
    await store.close()


async def test_the_folder_of_the_last_object_goes_with_it(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    await store.put("a/b/c", b"x")
    await store.put("a/d", b"x")
    await store.delete(["a/b/c"])
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["d"]
    await store.close()


async def test_what_is_not_an_object_is_neither_listed_nor_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    media = tmp_path / "media"
    store = FolderStore(media)
    await store.put("a/b", b"x")
    (media / "a" / ".hidden").write_text("x")
    (media / "a" / "with space").write_text("x")
    (media / "link").symlink_to(tmp_path)
    assert [stored.key async for stored in list_all(store, "")] == ["a/b"]
    assert [stored.key async for stored in list_all(store, "../")] == []
    await store.close()


async def test_what_a_killed_node_left_unfinished_goes_but_not_what_another_one_writes_now(tmp_path: Path) -> None:
    unfinished = tmp_path / UNFINISHED
    unfinished.mkdir()
    for name in ("old", "new"):
        (unfinished / name).write_text("x")
    os.utime(unfinished / "old", (0, 0))
    store = FolderStore(tmp_path)
    await store.check()
    assert files(tmp_path) == [f"{UNFINISHED}/new"]
    await store.close()


@pytest.mark.parametrize(
    ("fsync", "synced"), [(Fsync.FULL, {"file", "folder"}), (Fsync.FILE, {"file"}), (Fsync.NONE, set())]
)
async def test_the_setting_says_what_is_on_the_disk_before_an_object_counts_as_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fsync: Fsync, synced: set[str]
) -> None:
    seen: list[tuple[str, bool]] = []
    place = tmp_path / "a" / "b"
    real = os.fsync

    def watch(descriptor: int) -> None:
        kind = "folder" if Path(f"/proc/self/fd/{descriptor}").resolve().is_dir() else "file"
        seen.append((kind, place.exists()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    store = FolderStore(tmp_path, fsync)
    await store.put("a/b", b"x")
    await store.close()
    assert {kind for kind, _ in seen} == synced
    assert ("file", True) not in seen  # the bytes are on the disk before the name is
    assert fsync is not Fsync.FULL or seen[-1] == ("folder", True)


@pytest.mark.parametrize("below", ["file/below", "file"])
async def test_a_folder_that_cannot_be_made_is_the_operators_mistake(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("x")
    store = FolderStore(tmp_path / below)
    with pytest.raises(StoreMisconfigured, match="a part of the path is a file"):
        await store.check()
    await store.close()


async def test_the_settings_name_a_store(tmp_path: Path) -> None:
    memory = open_store(Settings(), SystemClock())
    folder = open_store(Settings(storage=f"file:{tmp_path}/new/folder"), SystemClock())
    assert isinstance(memory, MemoryStore)
    assert isinstance(folder, FolderStore)
    await folder.check()
    assert (tmp_path / "new" / "folder").is_dir()
    await folder.close()
