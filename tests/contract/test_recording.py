"""A finished session becomes a recording in every store, and goes again."""

from pathlib import Path

from origin import after
from origin.storage.contract import ObjectStore
from support.kept_session import CAT, S1, keys_of, real_session


async def test_a_session_becomes_a_recording_and_is_removed(store: ObjectStore, tmp_path: Path) -> None:
    await real_session(4).store_in(store)
    entry = await after.make(store, CAT, S1, tmp_path / "work")
    assert entry is not None
    assert {"index.m3u8", "720p/index.m3u8", "audio/index.m3u8", "poster.jpg", "recording.mp4"} <= entry.files.keys()
    for path, file in entry.files.items():
        assert len(await store.get(f"cat/s1/{path}")) == file.size_bytes
    await after.remove(store, CAT, S1)
    assert await keys_of(store) == []
