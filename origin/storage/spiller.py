"""Edge: puts what the store does not have into files, from where it is written later; removes files of no use."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Sequence

import structlog

from infra.clock import NS_PER_S, Clock
from infra.errors import TandemError
from origin import metrics
from origin.storage.contract import ObjectStore, list_all
from origin.storage.errors import StoreTroubled
from origin.storage.pending import Entry, Ledger

SPILL_AFTER_S = 1.0  # a store that works has an object after a tenth of that; a killed node loses what is younger
_RETRY_CAP_S = 5.0

_log = structlog.get_logger("origin.storage")


class Spiller:
    """Spills what the ledger says, at once while `hurried` is set.

    Args:
        folder: where files go; closed by `close`.
        ledger: what waits.
        clock: tells how long.
        report: called when the ledger has changed.

    Attributes:
        hurried: the store is in trouble: whatever waits is spilled at once.
    """

    __slots__ = ("_clock", "_ending", "_folder", "_ledger", "_obsolete", "_report", "_something_to_do", "hurried")

    def __init__(self, folder: ObjectStore, ledger: Ledger, clock: Clock, report: Callable[[], None]) -> None:
        self._folder = folder
        self._ledger = ledger
        self._clock = clock
        self._report = report
        self._obsolete: list[str] = []  # files of what was given up
        self._something_to_do = asyncio.Event()
        self._ending = asyncio.Event()
        self.hurried = False

    async def start(self) -> None:
        """Try the folder out, and take up what waits in it since the last run; trouble that may pass is logged.

        Raises:
            StoreMisconfigured: no try will succeed until the operator puts something right.
        """
        try:
            await self._folder.check()
            self._ledger.restore([stored async for stored in list_all(self._folder, "")])
        except StoreTroubled as error:
            self._complain(error)
        if len(self._ledger):
            _log.info("what waits since the last run is stored now", objects=len(self._ledger))

    def wake(self) -> None:
        """Something may be to do."""
        self._something_to_do.set()

    async def run(self) -> None:
        """Spill until `stop`."""
        failed = False
        while not self._ending.is_set():
            obsolete, self._obsolete = self._obsolete, []
            await self.remove(obsolete)
            age_s = 0 if self.hurried else SPILL_AFTER_S
            entry = self._ledger.to_spill(self._clock.now_ns() + 1 - round(age_s * NS_PER_S))
            if entry is None:
                self._something_to_do.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SPILL_AFTER_S if self._ledger.exposed() else None):
                        await self._something_to_do.wait()
                continue
            error = await self._spill(entry)
            if error is not None:
                if not failed:
                    self._complain(error)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(random.uniform(0, _RETRY_CAP_S)):  # noqa: S311  jitter
                        await self._ending.wait()
            failed = error is not None

    def stop(self) -> None:
        """Have `run` return when the file that it writes is whole; cancelled, its thread would go on writing."""
        self._ending.set()
        self._something_to_do.set()

    async def spill_all(self) -> None:
        """Spill all that finds room, until that fails."""
        while entry := self._ledger.to_spill(self._clock.now_ns() + 1):
            if error := await self._spill(entry):
                self._complain(error)
                return

    async def read(self, name: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of a file or a range of them.

        Raises:
            ObjectUnknown: it is gone.
        """
        return await self._folder.get(name, start, stop)

    async def remove(self, names: Sequence[str]) -> None:
        """Remove files; one that stays is only stored once more after the next start."""
        if names:
            with contextlib.suppress(TandemError):
                await self._folder.delete(names)

    def remove_later(self, names: Sequence[str]) -> None:
        """Remove files as soon as there is time."""
        self._obsolete += names

    async def close(self) -> None:
        """Give the folder back."""
        await self._folder.close()

    async def _spill(self, entry: Entry) -> TandemError | None:
        """Put an object into a file; what that failed with, or None."""
        assert entry.data is not None
        file = self._ledger.next_file(entry)
        try:
            await self._folder.put(file.name, entry.data)
        except TandemError as error:
            metrics.SPILL_FAILURES.inc()
            return error
        await self.remove(self._ledger.spilled(entry, file))
        self._report()
        return None

    @staticmethod
    def _complain(error: TandemError) -> None:
        _log.error("what waits for the store cannot be spilled", why=str(error))
