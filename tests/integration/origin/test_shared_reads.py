"""Reads of a store that hangs or fails: bounded in time, told to all who wait, forgotten."""

import asyncio

import pytest

from infra.clock import SystemClock
from origin.errors import HeldTooLong, OriginFull
from origin.storage.errors import ObjectUnknown
from origin.storage.memory import MemoryStore
from origin.storage.shared_reads import SharedReads


class HeldStore(MemoryStore):
    """A store whose reads wait until they are let go."""

    def __init__(self) -> None:
        super().__init__(SystemClock())
        self.gate = asyncio.Event()
        self.running = 0
        self.most = 0

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.gate.wait()
        finally:
            self.running -= 1
        return await super().get(key, start, stop)


@pytest.fixture
async def store() -> HeldStore:
    made = HeldStore()
    for number in range(10):
        await made.put(f"a/{number}", bytes([number]) * 10)
    return made


async def test_few_reads_run_at_once(store: HeldStore) -> None:
    reads = SharedReads(store, at_once=3)
    asked = [asyncio.create_task(reads.read(f"a/{number}")) for number in range(10)]
    while store.running < 3:
        await asyncio.sleep(0)
    store.gate.set()
    assert [data[0] for data in await asyncio.gather(*asked)] == list(range(10))
    assert store.most == 3


async def test_no_more_may_be_asked_for_at_once_than_are_allowed(store: HeldStore) -> None:
    reads = SharedReads(store, max_waiting=2)
    asked = [asyncio.create_task(reads.read(f"a/{number}")) for number in (0, 1, 1)]
    while store.running < 2:
        await asyncio.sleep(0)
    with pytest.raises(OriginFull, match="2 objects are asked for"):
        await reads.read("a/2")
    store.gate.set()
    assert len(await asyncio.gather(*asked)) == 3


async def test_a_store_that_hangs_is_given_up_with_a_time_to_come_back(store: HeldStore) -> None:
    reads = SharedReads(store, timeout_s=0.01)
    with pytest.raises(HeldTooLong) as caught:
        await reads.read("a/1")
    assert caught.value.retry_after_s == 2
    assert store.running == 0


async def test_what_fails_is_told_to_all_and_asked_again_the_next_time(store: HeldStore) -> None:
    reads = SharedReads(store)
    store.gate.set()
    answers = await asyncio.gather(*(reads.read("a/none") for _ in range(3)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ObjectUnknown] * 3
    await store.put("a/none", b"now")
    assert await reads.read("a/none") == b"now"


async def test_ranges_of_one_object_are_different_reads(store: HeldStore) -> None:
    reads = SharedReads(store)
    store.gate.set()
    first, last = await asyncio.gather(reads.read("a/5", 0, 2), reads.read("a/5", 8))
    assert first == last == b"\5\5"


async def test_closing_ends_what_hangs(store: HeldStore) -> None:
    reads = SharedReads(store)
    asked = asyncio.create_task(reads.read("a/1"))
    while not store.running:
        await asyncio.sleep(0)
    await reads.close()
    assert store.running == 0
    with pytest.raises(asyncio.CancelledError):
        await asked
