"""Pure: where objects are kept, as the setting ``storage`` says it."""

import re
from dataclasses import dataclass
from pathlib import Path

from origin.storage.contract import is_key
from origin.storage.errors import StorageSettingRefused

ALLOWED = "allowed are memory, file:PATH and s3://BUCKET/PREFIX"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class InMemory:
    """In the node's memory, bounded."""

    def __str__(self) -> str:
        return "memory"


@dataclass(frozen=True, slots=True)
class InFolder:
    """In a folder."""

    folder: Path

    def __str__(self) -> str:
        return f"file:{self.folder}"


@dataclass(frozen=True, slots=True)
class InBucket:
    """In a bucket, below a prefix without slashes at its ends; empty: everything in the bucket is ours."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


Location = InMemory | InFolder | InBucket


def parse_location(setting: str) -> Location:
    """What ``memory``, ``file:PATH`` or ``s3://BUCKET/PREFIX`` names.

    Raises:
        StorageSettingRefused: it is none of them.
    """
    if setting == "memory":
        return InMemory()
    kind, colon, rest = setting.partition(":")
    if kind == "file" and colon and rest:
        return InFolder(Path(rest).expanduser())
    if kind == "s3" and rest.startswith("//"):
        bucket, _, prefix = rest.removeprefix("//").partition("/")
        prefix = prefix.rstrip("/")
        if not _BUCKET.fullmatch(bucket):
            raise StorageSettingRefused(
                f"storage {setting!r} refused: a bucket's name has 3 to 63 characters of a-z 0-9 - . "
                "and begins and ends with a letter or digit"
            )
        if prefix and not is_key(prefix):
            raise StorageSettingRefused(
                f"storage {setting!r} refused: allowed in a prefix are names of A-Z a-z 0-9 _ - . joined by /"
            )
        return InBucket(bucket, prefix)
    raise StorageSettingRefused(f"storage {setting!r} refused: {ALLOWED}")
