"""What every object store must do; memory, folder and a real S3 server alike."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from infra.clock import NS_PER_S, SystemClock
from origin.storage.contract import ObjectStore, list_all
from origin.storage.errors import KeyRefused, ObjectUnknown


async def keys(store: ObjectStore, prefix: str, limit: int = 1000) -> list[str]:
    return sorted([stored.key async for stored in list_all(store, prefix, limit)])


async def test_what_was_put_can_be_got(store: ObjectStore) -> None:
    await store.put("cat/s1/720p/s0.m4s", b"0123456789")
    assert await store.get("cat/s1/720p/s0.m4s") == b"0123456789"


async def test_a_file_is_stored_as_its_bytes_are_and_stays(store: ObjectStore, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(range(256)) * 80_000)  # over 16 MiB: S3 takes it in parts
    await store.put_file("cat/s1/recording.mp4", source)
    assert await store.get("cat/s1/recording.mp4") == source.read_bytes()
    assert await keys(store, "cat/") == ["cat/s1/recording.mp4"]


RANGES: list[tuple[int, int | None, bytes]] = [
    *((0, 4, b"0123"), (4, None, b"456789"), (8, 99, b"89"), (10, None, b""), (99, None, b"")),
    *((5, 5, b""), (0, 0, b""), (99, 99, b"")),
]


async def test_a_range_gives_the_bytes_that_exist(store: ObjectStore) -> None:
    await store.put("a", b"0123456789")
    assert [await store.get("a", start, stop) for start, stop, _ in RANGES] == [expected for _, _, expected in RANGES]


async def test_an_object_may_be_replaced_and_may_be_empty(store: ObjectStore) -> None:
    await store.put("a", b"old")
    await store.put("a", b"")
    assert await store.get("a") == b""
    assert await keys(store, "") == ["a"]


async def test_what_is_not_stored_is_unknown(store: ObjectStore) -> None:
    await store.put("a/b/c", b"x")
    for key in ("a", "a/b", "a/b/c/d", "b"):
        for start in (0, 5):
            with pytest.raises(ObjectUnknown, match="is not stored"):
                await store.get(key, start)


async def test_keys_are_listed_by_prefix(store: ObjectStore) -> None:
    for key in ("b/1", "a/s10.m4s", "a/s2.m4s", "a/init-0.mp4", "ab/x", "a-b/y"):
        await store.put(key, b"x")
    assert await keys(store, "a/") == ["a/init-0.mp4", "a/s10.m4s", "a/s2.m4s"]
    assert await keys(store, "a/s") == ["a/s10.m4s", "a/s2.m4s"]
    assert await keys(store, "a") == ["a-b/y", "a/init-0.mp4", "a/s10.m4s", "a/s2.m4s", "ab/x"]
    assert await keys(store, "a/s2.m4s") == ["a/s2.m4s"]
    assert await keys(store, "nothing/") == []
    assert len(await keys(store, "")) == 6


async def test_a_list_comes_in_pages_that_hold_each_object_once(store: ObjectStore) -> None:
    expected = [f"{folder}/{file}" for folder in ("a", "a-b", "a/c", "ab") for file in ("s1", "s2", "t-1")]
    for key in expected:
        await store.put(key, b"x")
    for limit in (1, 2, 5, 12):
        page = await store.list("", limit=limit)
        assert len(page.objects) <= limit
        assert await keys(store, "", limit) == sorted(expected)
    assert (await store.list("", limit=100)).cursor == ""


async def test_keys_below_one_slash_follow_each_other(store: ObjectStore) -> None:
    for key in ("a/x/1", "a/x/2", "a/x-y/1", "a/x-y/2", "a/xz/1"):
        await store.put(key, b"x")
    folders = [stored.key.rpartition("/")[0] async for stored in list_all(store, "a/", 2)]
    changes = sum(before != after for before, after in pairwise(folders))
    assert changes == 2


async def test_a_list_tells_sizes_and_times(store: ObjectStore) -> None:
    now_ns = SystemClock().now_ns()
    await store.put("a", bytes(1234))
    [stored] = (await store.list("")).objects
    assert stored.size_bytes == 1234
    assert abs(stored.modified_ns - now_ns) < 10 * NS_PER_S


async def test_deleted_objects_are_gone_and_deleting_them_again_is_no_error(store: ObjectStore) -> None:
    for key in ("a/b", "a/c", "a/d", "e/f"):
        await store.put(key, b"x")
    for _ in range(2):
        await store.delete(["a/b", "e/f"])
    await store.delete([])
    assert await keys(store, "") == ["a/c", "a/d"]
    with pytest.raises(ObjectUnknown):
        await store.get("a/b")


NO_KEYS = (
    *("", "/", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".a", "a/.b"),
    *("a\0b", "a b", "a\\b", "x" * 513, "ä"),
)


async def test_what_is_no_key_is_refused(store: ObjectStore) -> None:
    for key in NO_KEYS:
        with pytest.raises(KeyRefused, match="allowed are names of"):
            await store.put(key, b"x")
        with pytest.raises(KeyRefused):
            await store.delete([key])


async def test_many_writers_at_once_each_store_their_object(store: ObjectStore) -> None:
    await asyncio.gather(*(store.put(f"s/{n}", bytes([n]) * 1000) for n in range(50)))
    assert len(await keys(store, "s/")) == 50
    assert await store.get("s/49") == bytes([49]) * 1000


async def test_one_key_written_by_many_is_whole_at_any_time(store: ObjectStore) -> None:
    await store.put("a", bytes(100_000))

    async def read() -> set[int]:
        return set(await store.get("a"))

    results = await asyncio.gather(
        *(store.put("a", bytes([n]) * 100_000) for n in range(8)), *(read() for _ in range(8))
    )
    assert all(len(seen) == 1 for seen in results if seen is not None)


async def test_objects_may_come_and_go_in_one_folder_at_once(store: ObjectStore) -> None:
    async def come_and_go(n: int) -> None:
        for _ in range(5):
            await store.put(f"a/b/{n}", b"x")
            await store.delete([f"a/b/{n}"])

    await asyncio.gather(*(come_and_go(n) for n in range(4)))
    assert await keys(store, "") == []


async def test_a_store_that_can_be_used_says_so_and_keeps_nothing_of_the_check(store: ObjectStore) -> None:
    await store.check()
    assert await keys(store, "") == []
