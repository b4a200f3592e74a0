"""Edge: the object store that the settings name."""

from infra.clock import Clock
from infra.settings import Settings
from origin.storage.contract import ObjectStore
from origin.storage.filesystem import FolderStore
from origin.storage.location import InBucket, InFolder, parse_location
from origin.storage.memory import MemoryStore


def open_store(settings: Settings, clock: Clock) -> ObjectStore:
    """The store for the setting ``storage``; nothing is written or asked yet. May take a second.

    Raises:
        StorageSettingRefused: the setting names no store there is.
        StoreMisconfigured: the environment of an S3 store contradicts itself.
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
            )
            return S3Store(place, options)
        case _:
            return MemoryStore(clock)
