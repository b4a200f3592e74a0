"""Where the setting says objects are kept."""

from pathlib import Path

import pytest

from origin.storage.errors import StorageSettingRefused
from origin.storage.location import InBucket, InFolder, InMemory, Location, parse_location


@pytest.mark.parametrize(
    ("setting", "location", "shown"),
    [
        ("memory", InMemory(), "memory"),
        ("file:media", InFolder(Path("media")), "file:media"),
        ("file:/var/lib/tandem", InFolder(Path("/var/lib/tandem")), "file:/var/lib/tandem"),
        ("s3://bucket", InBucket("bucket", ""), "s3://bucket"),
        ("s3://bucket/", InBucket("bucket", ""), "s3://bucket"),
        ("s3://my.bucket-1/live/media/", InBucket("my.bucket-1", "live/media"), "s3://my.bucket-1/live/media"),
    ],
)
def test_a_setting_names_a_place(setting: str, location: Location, shown: str) -> None:
    assert parse_location(setting) == location
    assert str(location) == shown


def test_a_folder_may_be_below_home() -> None:
    assert parse_location("file:~/media") == InFolder(Path.home() / "media")


@pytest.mark.parametrize("setting", ["", "file", "file:", "memory:x", "/tmp/x", "s3:bucket", "s3", "S3://bucket"])
def test_any_other_setting_is_refused_with_what_is_allowed(setting: str) -> None:
    with pytest.raises(StorageSettingRefused, match="allowed are memory, file:PATH and s3://BUCKET/PREFIX"):
        parse_location(setting)


@pytest.mark.parametrize("bucket", ["", "ab", "a" * 64, "Upper", "under_score", "-x-", "user:secret@host"])
def test_what_is_no_bucket_is_refused(bucket: str) -> None:
    with pytest.raises(StorageSettingRefused, match="a bucket's name has 3 to 63 characters"):
        parse_location(f"s3://{bucket}/media")


@pytest.mark.parametrize("prefix", ["/x", "a//b", ".hidden", "a b", "?x=1"])
def test_what_is_no_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(StorageSettingRefused, match="allowed in a prefix"):
        parse_location(f"s3://bucket/{prefix}")
