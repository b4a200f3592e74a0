"""Pure: what an object store is: the seam between the origin and where media is kept."""

import re
from typing import Protocol

from infra import errors

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_MAX_KEY_CHARS = 512


class KeyRefused(errors.BadRequest):
    """Not a key: one or more names joined by ``/``, none of which starts with a dot."""


class ObjectUnknown(errors.NotFound):
    """Nothing is stored under this key."""


class ObjectStore(Protocol):
    """Immutable objects by key. Whatever else a store raises is worth another try later."""

    async def put(self, key: str, data: bytes) -> None:
        """Store an object whole or not at all; one that is there already is replaced."""
        ...

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of an object, or those from start up to stop that exist.

        Raises:
            ObjectUnknown: nothing is stored under this key.
        """
        ...

    async def list(self, prefix: str) -> list[str]:
        """All keys that start with a prefix, sorted."""
        ...

    async def delete(self, key: str) -> None:
        """Forget an object; one that is not there is no error."""
        ...

    async def close(self) -> None:
        """Give back threads and connections."""
        ...


def check_key(key: str) -> str:
    """The key itself.

    Raises:
        KeyRefused: it could mean something else than an object, such as a path out of the store.
    """
    if len(key) > _MAX_KEY_CHARS or not _KEY.fullmatch(key):
        raise KeyRefused(f"object key {key[:40]!r} refused: allowed are names of A-Z a-z 0-9 _ - . joined by /")
    return key
