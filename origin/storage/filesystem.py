"""Edge: an object store in a folder: one file an object, written whole or not at all."""

import asyncio
import contextlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from origin.storage.contract import ObjectUnknown, check_key

THREADS = 4  # calls that block at once; the disk, not the CPU, is what they wait for
_UNFINISHED = ".unfinished-"  # no key starts with a dot, so these names are ours

Result = TypeVar("Result")


class FolderStore:
    """See `origin.storage.contract.ObjectStore`. Every call that blocks runs in the store's own threads."""

    __slots__ = ("_folder", "_serial", "_threads")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="folder-store")
        self._serial = 0  # of unfinished files

    async def put(self, key: str, data: bytes) -> None:
        """Store an object: write it beside its place, have it on the disk, then rename it."""
        self._serial += 1
        await self._run(_write, self._path(key), f"{_UNFINISHED}{os.getpid()}-{self._serial}", data)

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of an object, or a range of them."""
        try:
            return await self._run(_read, self._path(key), start, stop)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise ObjectUnknown(f"object {key[:80]!r} is not stored") from None

    async def list(self, prefix: str) -> list[str]:
        """All keys that start with a prefix, sorted."""
        return await self._run(_keys, self._folder, prefix)

    async def delete(self, key: str) -> None:
        """Forget an object."""
        await self._run(_remove, self._folder, self._path(key))

    async def close(self) -> None:
        """Let the calls that run end; take no more."""
        await asyncio.to_thread(self._threads.shutdown)

    def _path(self, key: str) -> Path:
        return self._folder / check_key(key)

    async def _run(self, call: Callable[..., Result], *arguments: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


def _write(path: Path, unfinished: str, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.parent / unfinished
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _read(path: Path, start: int, stop: int | None) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(-1 if stop is None else max(0, stop - start))


def _keys(folder: Path, prefix: str) -> list[str]:
    under = folder / prefix.rpartition("/")[0]
    if not under.resolve().is_relative_to(folder.resolve()):
        return []
    keys = (path.relative_to(folder).as_posix() for path in under.rglob("*") if path.is_file())
    return sorted(key for key in keys if key.startswith(prefix) and _UNFINISHED not in key)


def _remove(folder: Path, path: Path) -> None:
    """Remove a file and the folders that are empty then."""
    with contextlib.suppress(FileNotFoundError, IsADirectoryError, NotADirectoryError):
        path.unlink()
        for parent in path.parents:
            if parent == folder or any(parent.iterdir()):
                break
            parent.rmdir()
