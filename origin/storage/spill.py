"""Edge: the folder for what the store does not take: a folder store that belongs to one node at a time."""

import fcntl
import os
from pathlib import Path

from infra.settings import Fsync
from origin.storage.errors import StoreMisconfigured
from origin.storage.filesystem import FolderStore

_LOCK = ".lock"  # no key starts with a dot


class SpillFolder(FolderStore):
    """A folder store of its own; what is in it when a node starts is what the last one could not store.

    Args:
        folder: made if it is not there.
    """

    __slots__ = ("_lock",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, Fsync.FULL)
        self._lock: int | None = None

    async def check(self) -> None:
        """Take possession of the folder and try it out.

        Raises:
            StoreMisconfigured: another node has it.
        """
        if self._lock is None:
            self._lock = await self._run(_lock, self._folder)
        await super().check()

    async def close(self) -> None:
        """Give the folder back."""
        await super().close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StoreMisconfigured(f"spill folder {folder}: another node uses it; set --spill-folder") from None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
