"""Edge: an object store in a folder: one file an object, written whole or not at all.

A file is written in ``.unfinished``, brought to the disk, renamed to its place, and the renaming brought to the disk
too: after a loss of power an object that `put` returned for is there, and none is torn. The folder must be one file
system, or files could not be renamed.
"""

import asyncio
import contextlib
import io
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import BinaryIO, TypeVar

from infra.settings import Fsync
from origin.storage.contract import PAGE_OBJECTS, Page, Stored, check_key, is_key, not_stored
from origin.storage.faults import folder_fault

THREADS = 4  # calls that block at once; the disk, not the CPU, is what they wait for
_COPY_BYTES = 1 << 20  # of a file at once
UNFINISHED = ".unfinished"  # no key starts with a dot, so this name is ours
_ABANDONED_S = 3600.0  # nobody writes one file for so long
_CHECK_KEY = "tandem-check"
_ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)

Result = TypeVar("Result")


class FolderStore:
    """See `origin.storage.contract.ObjectStore`. Every call that blocks runs in the store's own threads.

    Args:
        folder: made if it is not there.
        fsync: what is brought to the disk before a `put` returns.
    """

    __slots__ = ("_folder", "_fsync", "_mark", "_serial", "_threads", "_tree")

    def __init__(self, folder: Path, fsync: Fsync = Fsync.FULL) -> None:
        self._folder = folder
        self._fsync = fsync
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="folder-store")
        self._mark = secrets.token_hex(8)  # of this store's files; several nodes may share a folder
        self._serial = 0  # of unfinished files
        self._tree = Lock()  # a folder is not taken away while a file is put into it

    async def check(self) -> None:
        """Write, read and delete an object; remove what a node that was killed left unfinished."""
        await self._run(_remove_abandoned, self._folder / UNFINISHED)
        key = f"{_CHECK_KEY}-{self._mark}"
        await self.put(key, key.encode())
        await self.get(key)
        await self.delete([key])

    async def put(self, key: str, data: bytes) -> None:
        """Store an object."""
        await self._run(_write, self._tree, self._path(key), self._unfinished(), io.BytesIO(data), self._fsync)

    async def put_file(self, key: str, path: Path) -> None:
        """Store a file's bytes, as `put` does."""
        await self._run(_copy, self._tree, self._path(key), self._unfinished(), path, self._fsync)

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of an object, or a range of them."""
        data = await self._run(_read, self._path(key), start, stop)
        if data is None:
            raise not_stored(key)
        return data

    async def list(self, prefix: str, cursor: str = "", limit: int = PAGE_OBJECTS) -> Page:
        """The objects below a prefix, folder by folder; the cursor is the last key of the page before."""
        return await self._run(_page, self._folder, prefix, cursor, limit)

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget objects, and the folders that are empty then."""
        await self._run(_remove, self._tree, self._folder, [self._path(key) for key in keys])

    async def close(self) -> None:
        """Let the calls that run end; take no more."""
        await asyncio.to_thread(self._threads.shutdown)

    def _unfinished(self) -> Path:
        self._serial += 1
        return self._folder / UNFINISHED / f"{self._mark}-{self._serial}"

    def _path(self, key: str) -> Path:
        return self._folder / check_key(key)

    async def _run(self, call: Callable[..., Result], *arguments: object) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)
        except OSError as error:
            raise folder_fault(f"folder {self._folder}", error) from error


def _copy(tree: Lock, path: Path, unfinished: Path, source: Path, fsync: Fsync) -> None:
    with source.open("rb") as opened:
        _write(tree, path, unfinished, opened, fsync)


def _write(tree: Lock, path: Path, unfinished: Path, source: BinaryIO, fsync: Fsync) -> None:
    sync_folders = fsync is Fsync.FULL
    _make_folder(unfinished.parent, sync=sync_folders)
    try:
        with unfinished.open("wb") as file:
            shutil.copyfileobj(source, file, _COPY_BYTES)
            if fsync is not Fsync.NONE:
                file.flush()
                os.fsync(file.fileno())
        with tree:
            _make_folder(path.parent, sync=sync_folders)
            unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    if sync_folders:
        _sync_folder(path.parent)


def _make_folder(folder: Path, *, sync: bool) -> None:
    """Make a folder and those above it; with ``sync``, their names are on the disk too."""
    if folder.is_dir():
        return
    _make_folder(folder.parent, sync=sync)
    folder.mkdir(exist_ok=True)
    if sync:
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # somebody took it away with its last object
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _read(path: Path, start: int, stop: int | None) -> bytes | None:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(-1 if stop is None else max(0, stop - start))
    except _ABSENT:
        return None


def _page(folder: Path, prefix: str, cursor: str, limit: int) -> Page:
    found = tuple(islice(_walk(folder, "", prefix, cursor), limit + 1))
    return Page(found[:limit], found[limit - 1].key if len(found) > limit else "")


def _walk(folder: Path, above: str, prefix: str, cursor: str) -> Iterator[Stored]:
    """The objects of a folder in the order of their paths, without looking into folders that cannot have any.

    Args:
        folder: where to look.
        above: what the keys of its objects begin with; empty, or with a slash at the end.
        prefix: what the keys must begin with.
        cursor: the key after which to begin; empty: at the beginning.
    """
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    after = cursor.split("/")
    for entry in entries:
        key = above + entry.name
        names = key.split("/")
        if not is_key(key) or names < after[: len(names)]:
            continue
        if entry.is_dir(follow_symlinks=False):
            below = key + "/"
            if below.startswith(prefix) or prefix.startswith(below):
                yield from _walk(folder / entry.name, below, prefix, cursor)
        elif key.startswith(prefix) and names > after and entry.is_file(follow_symlinks=False):
            with contextlib.suppress(FileNotFoundError):  # deleted a moment ago
                status = entry.stat(follow_symlinks=False)
                yield Stored(key, status.st_size, status.st_mtime_ns)


def _remove(tree: Lock, folder: Path, paths: Sequence[Path]) -> None:
    """Remove files and the folders that are empty then."""
    for path in paths:
        with contextlib.suppress(*_ABSENT):
            path.unlink()
    emptied = {parent for path in paths for parent in path.parents if folder in parent.parents}
    with tree:
        for parent in sorted(emptied, reverse=True):  # the deepest first
            with contextlib.suppress(OSError):  # not empty, or not there
                parent.rmdir()


def _remove_abandoned(unfinished: Path) -> None:
    """Remove what a node that was killed did not finish; what another one writes now is younger."""
    with contextlib.suppress(FileNotFoundError):
        os.utime(unfinished)
        now_s = unfinished.stat().st_mtime  # by the clock that the files have their times from
        for file in list(unfinished.iterdir()):
            if file.stat().st_mtime < now_s - _ABANDONED_S:
                file.unlink(missing_ok=True)
