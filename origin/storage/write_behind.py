"""Edge: writes to an object store behind the live path's back: nobody waits, nothing finished is lost without a count.

Theory of operation. `put` never blocks: the object is in the ledger (`pending`) until the store has it. A few workers
write; one that fails pauses a random time that doubles up to a cap, and goes on for ever, with the objects in turn.
What the store does not have after a second, at once if it fails, and the oldest when too much waits in memory, a
spiller puts into files of a folder; from there it is written later, also by the next node that starts with this
folder. `close` waits a bounded time for the store and spills what is left. Only what finds no room, in memory nor on
the disk, is given up, counted, and logged.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence

import structlog

from infra.clock import NS_PER_S, Clock
from infra.errors import TandemError
from origin import metrics
from origin.storage.contract import PAGE_OBJECTS, ObjectStore, Page, check_key
from origin.storage.errors import ObjectUnknown, StoreMisconfigured
from origin.storage.health import StoreHealth
from origin.storage.memory import MemoryStore
from origin.storage.pending import Entry, Ledger, OnStored, Room
from origin.storage.spiller import Spiller

WORKERS = 4  # writes at once: the four renditions of a stream finish a segment together
RETRY_FIRST_S = 0.25
RETRY_CAP_S = 5.0
FLUSH_S = 4.0  # how long a node that shuts down waits for its store; spilling and the rest of the node need time too

_log = structlog.get_logger("origin.storage")


class WriteBehind:
    """See the module's theory of operation. All methods must be called on the event loop.

    Args:
        store: where objects go; closed by `close`.
        clock: tells how long objects wait.
        room: how much may wait.
        spill: where they wait when memory is not the place; closed by `close`. None: only memory.
        retry_first_s: first pause after a failure.
    """

    def __init__(
        self,
        store: ObjectStore,
        clock: Clock,
        room: Room | None = None,
        spill: ObjectStore | None = None,
        retry_first_s: float = RETRY_FIRST_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._room = room or Room()
        self._retry_first_s = retry_first_s
        self._ledger = Ledger(self._room)
        self._spiller = None if spill is None else Spiller(spill, self._ledger, clock, self._report)
        self._health = StoreHealth()
        self._failures = 0  # since the store worked last
        self._to_tell = 0  # calls that are due because something is stored
        self._something_to_write = asyncio.Event()
        self._works_again = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._spilling: asyncio.Task[None] | None = None
        self._running = False
        self._closed = False
        self._oldest_ns: int | None = None
        metrics.STORE_PENDING_AGE_SECONDS.set_function(self._oldest_age_s)

    async def start(self) -> None:
        """Try the store and the spill folder out, and take up what waits in the latter since the last run.

        Trouble that may pass is logged; `not_ready` tells of it until the store has worked once.

        Raises:
            StoreMisconfigured: no try will succeed until the operator puts something right.
        """
        if self._spiller is not None:
            await self._spiller.start()
        await self._health.check(self._store)
        if not self._health.reached:
            self._tasks.append(asyncio.create_task(self._reach(), name="write-behind-reach"))
        if len(self._ledger):
            self._run()
        self._report()

    @property
    def pending(self) -> tuple[int, int]:
        """What is not safe yet, as (objects, bytes)."""
        return len(self._ledger), self._ledger.pending_bytes

    @property
    def durable(self) -> bool:
        """What is stored outlives the process."""
        return not isinstance(self._store, MemoryStore)

    @property
    def works(self) -> bool:
        """The store took what it was given last."""
        return self._health.trouble is None

    @property
    def not_ready(self) -> str | None:
        """Why no new media should be sent here; None: it may."""
        if not self._health.reached and self._health.trouble is not None:
            return self._health.trouble
        waiting = self._ledger.pending_bytes
        if waiting > self._room.total_bytes // 2:
            return f"the store does not keep up: {waiting} bytes wait for it"
        return None

    def put(self, key: str, data: bytes, on_stored: OnStored | None = None) -> None:
        """Have an object stored, some time.

        Args:
            key: where.
            data: what.
            on_stored: called on the event loop once the store has it, or has what replaced it under the same key; never
                called for what is deleted first or given up.

        Raises:
            KeyRefused: it is no key.
        """
        check_key(key)
        if self._closed:
            self._give_up(key, "the node is shutting down")
            return
        for entry in self._ledger.add(key, data, self._clock.now_ns()):
            if files := self._ledger.drop_files(entry):
                self._files.remove_later(files)
            self._give_up(entry.key, "too much waits for the store")
        if on_stored is not None:
            self.when_stored(key, on_stored)
        self._run()

    def when_stored(self, key: str, on_stored: OnStored) -> None:
        """Have something called when what waits under a key is in the store; soon, if nothing waits."""
        entry = self._ledger.find(key)
        if entry is None:
            self._tell_soon(on_stored)
            self._report()
        else:
            entry.on_stored.append(on_stored)

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of an object or a range of them, also of one that waits.

        Raises:
            ObjectUnknown: it neither waits nor is stored.
        """
        entry = self._ledger.find(key)
        if entry is None:
            return await self._store.get(key, start, stop)
        if entry.data is not None:
            return entry.data[start:stop]
        try:
            return await self._files.read(entry.files[-1].name, start, stop)
        except ObjectUnknown:  # stored in this moment
            return await self._store.get(key, start, stop)

    async def list(self, prefix: str, cursor: str = "", limit: int = PAGE_OBJECTS) -> Page:
        """What is stored; see `origin.storage.contract.ObjectStore`. What waits is not in it."""
        return await self._store.list(prefix, cursor, limit)

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget objects, stored ones and those that wait."""
        for key in keys:
            if entry := self._ledger.forget(key):
                await self._remove(self._ledger.drop_files(entry))
        self._report()
        await self._store.delete(keys)

    async def flush(self, seconds: float) -> bool:
        """Wait for everything that is pending, and what is put because it is stored; False if that takes longer."""
        try:
            async with asyncio.timeout(seconds):
                while not self._idle.is_set():
                    await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def close(self, seconds: float = FLUSH_S) -> None:
        """Take no more, wait at most so long for the store if it works, spill the rest, stop."""
        self._closed = True
        if self.works or self._spiller is None:
            await self.flush(seconds)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._spiller is not None and self._spilling is not None:
            self._spiller.stop()
            await self._spilling
        await self._spill_the_rest()
        self._report()
        metrics.STORE_PENDING_AGE_SECONDS.set_function(lambda: 0.0)
        await self._store.close()
        if self._spiller is not None:
            await self._spiller.close()

    # Workers

    @property
    def _files(self) -> Spiller:
        """Who has the files, of which there is one."""
        assert self._spiller is not None
        return self._spiller

    def _run(self) -> None:
        """Something waits: have it seen to."""
        if not self._running:
            self._running = True
            loop = asyncio.get_running_loop()
            self._tasks += [loop.create_task(self._work(), name=f"write-behind-{n}") for n in range(WORKERS)]
            if self._spiller is not None:
                self._spilling = loop.create_task(self._spiller.run(), name="write-behind-spill")
        self._report()

    async def _work(self) -> None:
        while True:
            entry = self._ledger.take()
            if entry is None:
                self._something_to_write.clear()
                await self._something_to_write.wait()
                continue
            try:
                await self._write(entry)
            except ObjectUnknown:
                await self._stored_or_lost(entry, lost=True)
            except Exception as error:  # noqa: BLE001  whatever a store fails with, the next try may succeed
                metrics.STORE_FAILURES.inc()
                self._ledger.failed(entry)
                await self._pause(error)
            except BaseException:
                self._ledger.failed(entry)
                raise
            else:
                await self._stored_or_lost(entry, lost=False)

    async def _write(self, entry: Entry) -> None:
        """Bring an object to the store.

        Raises:
            ObjectUnknown: its file is gone.
            Exception: the store does not take it.
        """
        data, files = entry.data, entry.files  # as they are now: it may be replaced or forgotten meanwhile
        await self._remove(self._ledger.drop_old_files(entry))
        if data is None:
            data = await self._files.read(files[-1].name)
        await self._store.put(entry.key, data)
        self._health.works()
        self._failures = 0
        self._works_again.set()
        self._works_again.clear()
        metrics.STORED.inc()
        metrics.STORED_BYTES.inc(entry.size_bytes)
        metrics.STORE_DELAY_SECONDS.observe((self._clock.now_ns() - entry.since_ns) / NS_PER_S)

    async def _stored_or_lost(self, entry: Entry, *, lost: bool) -> None:
        """An object need not be written any more."""
        current = self._ledger.stored(entry)
        if current and lost:
            self._give_up(entry.key, "its file is gone")
        elif current:
            for on_stored in entry.on_stored:
                self._tell_soon(on_stored)
        elif entry.key not in self._ledger:  # deleted while it was written
            with contextlib.suppress(TandemError):
                await self._store.delete([entry.key])
        self._report()
        await self._remove(self._ledger.drop_files(entry))

    def _tell_soon(self, on_stored: OnStored) -> None:
        """Call who waits for an object, which may put more; until then the writer is not idle."""
        self._to_tell += 1
        asyncio.get_running_loop().call_soon(self._tell, on_stored)

    def _tell(self, on_stored: OnStored) -> None:
        try:
            on_stored()
        finally:
            self._to_tell -= 1
            self._report()

    async def _pause(self, error: Exception) -> None:
        """Wait before the next try; shorter, if the store works again."""
        self._health.failed(error)
        self._hurry()
        longest_s = min(RETRY_CAP_S, self._retry_first_s * 2 ** min(self._failures, 16))
        self._failures += 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(random.uniform(0, longest_s)):  # noqa: S311  jitter
                await self._works_again.wait()

    async def _reach(self) -> None:
        """Try a store out that could not be reached at the start, until it works."""
        pause_s = self._retry_first_s
        while not self._health.reached:
            await asyncio.sleep(random.uniform(0, pause_s))  # noqa: S311  jitter
            pause_s = min(RETRY_CAP_S, 2 * pause_s)
            try:
                await self._health.check(self._store)
            except StoreMisconfigured as error:
                self._health.failed(error)

    async def _spill_the_rest(self) -> None:
        if self._spiller is not None:
            await self._spiller.spill_all()
        for entry in self._ledger.exposed():
            self._give_up(entry.key, "the node shut down before the store took it")
            self._ledger.forget(entry.key)
        if len(self._ledger):
            _log.warning("what is finished waits for the next start", objects=len(self._ledger))

    async def _remove(self, files: Sequence[str]) -> None:
        if files:
            await self._files.remove(files)

    # Counting

    def _give_up(self, key: str, why: str) -> None:
        metrics.STORE_LOST.inc()
        _log.error("object was not stored", key=key, why=why)

    def _report(self) -> None:
        """Tell metrics and tasks where the ledger stands."""
        objects, size_bytes = self.pending
        self._oldest_ns = self._ledger.oldest_ns
        metrics.STORE_PENDING.set(objects)
        metrics.STORE_PENDING_BYTES.set(size_bytes)
        metrics.SPILLED_BYTES.set(self._ledger.disk_bytes)
        if objects or self._to_tell:
            self._idle.clear()
        else:
            self._idle.set()
        if objects:
            self._something_to_write.set()
            self._hurry()

    def _hurry(self) -> None:
        """Tell the spiller that something waits, and whether the store takes anything."""
        if self._spiller is not None:
            self._spiller.hurried = self._health.trouble is not None
            self._spiller.wake()

    def _oldest_age_s(self) -> float:
        """Asked in the thread that writes the metrics."""
        oldest_ns = self._oldest_ns
        return 0.0 if oldest_ns is None else (self._clock.now_ns() - oldest_ns) / NS_PER_S
