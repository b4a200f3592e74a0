"""Pure: what an object store is: the seam between the origin and where media is kept."""

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from origin.storage.errors import KeyRefused, ObjectUnknown

PAGE_OBJECTS = 1000  # what S3 lists at once
_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_MAX_KEY_CHARS = 512


@dataclass(frozen=True, slots=True)
class Stored:
    """An object that is there; ``modified_ns`` is Unix time by the store's own clock."""

    key: str
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the objects that were asked for; ``cursor`` leads to the next page and is empty on the last one."""

    objects: tuple[Stored, ...]
    cursor: str = ""


class ObjectStore(Protocol):
    """Objects by key. How they are to be served follows from the key (`origin.storage.headers`).

    Every method may raise `StoreTroubled`, after which another try may succeed, or `StoreMisconfigured`, after which
    none will until the operator has put something right.
    """

    async def check(self) -> None:
        """Write, read and delete an object: whether this store can be used at all."""
        ...

    async def put(self, key: str, data: bytes) -> None:
        """Store an object whole or not at all; one that is there already is replaced."""
        ...

    async def put_file(self, key: str, path: Path) -> None:
        """Store a file's bytes as `put` does, without holding them in memory; the file stays."""
        ...

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of an object, or those from start up to stop that exist.

        Raises:
            ObjectUnknown: nothing is stored under this key.
        """
        ...

    async def list(self, prefix: str, cursor: str = "", limit: int = PAGE_OBJECTS) -> Page:
        """The objects whose keys start with a prefix, at most ``limit`` at once.

        The order is the store's own, but the keys below one ``/`` follow each other.
        """
        ...

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget objects; one that is not there is no error."""
        ...

    async def close(self) -> None:
        """Give back threads and connections."""
        ...


class Readable(Protocol):
    """What has objects: a store, or the writer before it, which also has what waits."""

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """As `ObjectStore.get`."""
        ...

    async def list(self, prefix: str, cursor: str = "", limit: int = PAGE_OBJECTS) -> Page:
        """As `ObjectStore.list`."""
        ...


async def list_all(store: Readable, prefix: str, limit: int = PAGE_OBJECTS) -> AsyncIterator[Stored]:
    """All objects whose keys start with a prefix, fetched page by page."""
    cursor = ""
    while True:
        page = await store.list(prefix, cursor, limit)
        for stored in page.objects:
            yield stored
        cursor = page.cursor
        if not cursor:
            return


def check_key(key: str) -> str:
    """The key itself.

    Raises:
        KeyRefused: it could mean something else than an object, such as a path out of the store.
    """
    if not is_key(key):
        raise KeyRefused(f"object key {key[:40]!r} refused: allowed are names of A-Z a-z 0-9 _ - . joined by /")
    return key


def is_key(text: str) -> bool:
    """Whether a name found in a store can be the key of one of our objects."""
    return len(text) <= _MAX_KEY_CHARS and _KEY.fullmatch(text) is not None


def not_stored(key: str) -> ObjectUnknown:
    """The error for a key under which nothing is stored."""
    return ObjectUnknown(f"object {key[:80]!r} is not stored")
