"""Edge: the store that the settings name, and the folder for what it does not take."""

import asyncio
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from infra.clock import Clock
from infra.settings import Settings
from origin.storage.contract import ObjectStore
from origin.storage.filesystem import FolderStore
from origin.storage.location import InBucket, InFolder, InMemory, parse_location
from origin.storage.memory import MemoryStore
from origin.storage.pending import Room
from origin.storage.spill import SpillFolder
from origin.storage.write_behind import WriteBehind

_MIB = 1 << 20
_MARK_CHARS = 12
_QUEUE = ".after.sqlite"  # no key of the store starts with a dot


async def open_storage(settings: Settings, clock: Clock) -> WriteBehind:
    """The storage of a node, not started yet: nothing was written or asked.

    Raises:
        StorageSettingRefused: the setting names no store there is.
        StoreMisconfigured: the environment of an S3 store contradicts itself.
    """
    store = await asyncio.to_thread(open_store, settings, clock)
    folder = spill_folder(settings, os.environ)
    room = Room(settings.pending_limit_mb * _MIB, settings.spill_limit_mb * _MIB if folder else 0)
    return WriteBehind(store, clock, room, SpillFolder(folder) if folder else None)


def open_store(settings: Settings, clock: Clock) -> ObjectStore:
    """The store for the setting ``storage``. May take a second.

    Raises:
        StorageSettingRefused, StoreMisconfigured: as `open_storage`.
    """
    match parse_location(settings.storage):
        case InFolder(folder):
            return FolderStore(folder, settings.storage_fsync)
        case InBucket() as place:
            from origin.storage.s3 import S3Options, S3Store  # noqa: PLC0415  boto3 takes half a second and 30 MB

            options = S3Options(
                settings.s3_endpoint,
                settings.s3_region,
                settings.s3_addressing,
                settings.s3_storage_class,
                settings.s3_encryption,
                settings.s3_kms_key,
                settings.s3_timeout_s,
            )
            return S3Store(place, options)
        case _:
            return MemoryStore(clock)


def spill_folder(settings: Settings, environ: Mapping[str, str]) -> Path | None:
    """The folder for what the store does not take; None: nothing is spilled.

    A folder below the one that the setting or the system names, of its own for each store: what waits for one bucket is
    never written to another.
    """
    location = parse_location(settings.storage)
    if isinstance(location, InMemory) or settings.spill_limit_mb == 0:
        return None
    if settings.spill_folder:
        above = Path(settings.spill_folder).expanduser()
    elif isinstance(location, InBucket):
        above = _state_folder(environ)
    else:
        return None
    return above / f"unstored-{_mark(settings)}"


def queue_file(settings: Settings, environ: Mapping[str, str]) -> Path:
    """The file of the queue of the work after sessions.

    That of a folder lies in it and moves with it; each bucket's is on this host, where its spill folder would be.
    """
    if settings.queue:
        return Path(settings.queue).expanduser()
    match parse_location(settings.storage):
        case InFolder(folder):
            return folder / _QUEUE
        case _:
            above = Path(settings.spill_folder).expanduser() if settings.spill_folder else _state_folder(environ)
            return above / f"after-{_mark(settings)}.sqlite"


def _mark(settings: Settings) -> str:
    """Tells the files of one store from those of another."""
    place = f"{parse_location(settings.storage)} {settings.s3_endpoint}"
    return hashlib.sha256(place.encode()).hexdigest()[:_MARK_CHARS]


def _state_folder(environ: Mapping[str, str]) -> Path:
    """Where a program keeps what must survive: systemd's StateDirectory, else that of the user (XDG)."""
    if service := environ.get("STATE_DIRECTORY"):
        return Path(service.partition(":")[0])
    user = environ.get("XDG_STATE_HOME")
    return (Path(user) if user else Path.home() / ".local" / "state") / "tandem"
