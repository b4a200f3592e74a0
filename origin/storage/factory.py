"""Edge: the object store that a setting names."""

from pathlib import Path

from infra import errors
from origin.storage.contract import ObjectStore
from origin.storage.filesystem import FolderStore
from origin.storage.memory import MemoryStore

ALLOWED = "allowed are memory and file:PATH"


class StorageSettingRefused(errors.BadRequest):
    """The setting names no store there is."""


def open_store(setting: str) -> ObjectStore:
    """The store for ``memory`` or ``file:PATH``; the folder is made if it is not there.

    Raises:
        StorageSettingRefused: the setting is anything else, or the folder cannot be used.
    """
    kind, colon, path = setting.partition(":")
    if setting == "memory":
        return MemoryStore()
    if kind == "file" and colon and path:
        folder = Path(path).expanduser()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageSettingRefused(f"storage {setting!r} refused: the folder cannot be made: {error}") from error
        return FolderStore(folder)
    raise StorageSettingRefused(f"storage {setting!r} refused: {ALLOWED}")
