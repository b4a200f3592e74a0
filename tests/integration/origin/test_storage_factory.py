"""The store and the spill folder that the settings name."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra.clock import SystemClock
from infra.settings import Settings
from origin.storage.errors import StorageSettingRefused
from origin.storage.factory import open_storage, queue_file, spill_folder

STATE = {"STATE_DIRECTORY": "/var/lib/tandem:/other", "XDG_STATE_HOME": "/home/x/state"}


def folder(environ: dict[str, str], **settings: object) -> Path | None:
    return spill_folder(Settings.model_validate(settings), environ)


def test_only_a_bucket_has_a_spill_folder_by_itself() -> None:
    assert folder(STATE, storage="memory", spill_folder="/spill") is None
    assert folder(STATE, storage="file:/media") is None
    assert folder(STATE, storage="s3://bucket", spill_limit_mb=0) is None
    named = folder(STATE, storage="file:/media", spill_folder="/spill")
    assert named is not None
    assert named.parent == Path("/spill")


def test_the_folder_is_that_of_the_service_else_that_of_the_user() -> None:
    service = folder(STATE, storage="s3://bucket")
    user = folder({"XDG_STATE_HOME": "/home/x/state"}, storage="s3://bucket")
    home = folder({}, storage="s3://bucket")
    assert service is not None
    assert user is not None
    assert home is not None
    assert service.parent == Path("/var/lib/tandem")
    assert user.parent == Path("/home/x/state/tandem")
    assert home.parent == Path.home() / ".local/state/tandem"


def test_each_store_has_its_own() -> None:
    places = [
        folder(STATE, storage="s3://bucket"),
        folder(STATE, storage="s3://bucket/media"),
        folder(STATE, storage="s3://bucket", s3_endpoint="http://127.0.0.1:1"),
    ]
    assert len(set(places)) == 3
    assert folder(STATE, storage="s3://bucket/") == places[0]


async def test_what_names_no_store_is_refused() -> None:
    with pytest.raises(StorageSettingRefused, match="allowed are memory, file:PATH and s3"):
        await open_storage(Settings(storage="ftp://x"), SystemClock())


async def test_an_endpoint_that_is_no_url_is_refused() -> None:
    with pytest.raises(StorageSettingRefused, match="endpoint 'nowhere' refused"):
        await open_storage(Settings(storage="s3://bucket", s3_endpoint="nowhere"), SystemClock())


def test_boto3_is_not_imported_for_a_node_without_a_bucket() -> None:
    code = (
        "import sys, asyncio\n"
        "from infra import app\n"
        "from infra.clock import SystemClock\n"
        "from infra.settings import Settings\n"
        "from origin.storage.factory import open_storage\n"
        "asyncio.run(open_storage(Settings(storage='file:x'), SystemClock()))\n"
        "sys.exit('boto3' in sys.modules or 'botocore' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("settings", "file"),
    [
        ({"storage": "file:/media"}, "/media/.after.sqlite"),
        ({"storage": "file:/media", "queue": "/elsewhere/queue"}, "/elsewhere/queue"),
        ({"storage": "s3://bucket"}, "/var/lib/tandem/after-*.sqlite"),
        ({"storage": "s3://bucket", "spill_folder": "/spill"}, "/spill/after-*.sqlite"),
    ],
)
def test_the_queue_lies_with_the_media_or_where_this_host_keeps_its_state(settings: dict[str, str], file: str) -> None:
    assert queue_file(Settings.model_validate(settings), STATE).match(file)


def test_each_bucket_has_a_queue_of_its_own() -> None:
    places = [Settings(storage="s3://bucket"), Settings(storage="s3://other"), Settings(storage="s3://bucket/media")]
    assert len({queue_file(each, STATE) for each in places}) == len(places)
