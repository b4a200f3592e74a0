"""The stores of the contract tests, and one S3 server for all of them."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from infra.clock import SystemClock
from infra.settings import Fsync
from origin.storage.contract import ObjectStore
from origin.storage.filesystem import FolderStore
from origin.storage.location import InBucket
from origin.storage.memory import MemoryStore
from origin.storage.s3 import S3Options, S3Store
from support.seaweedfs import BUCKET, REGION, SeaweedFS, environment


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    server = SeaweedFS(tmp_path_factory.mktemp("seaweedfs"))
    try:
        server.start()
        yield server
    finally:
        server.close()


STORES = ["memory", "folder", "folder, no fsync", "s3"]


@pytest.fixture(params=STORES)
async def store(request: pytest.FixtureRequest) -> AsyncIterator[ObjectStore]:
    """One of the stores, empty."""
    made = await make_store(request)
    yield made
    await made.close()


async def make_store(request: pytest.FixtureRequest) -> ObjectStore:
    match request.param:
        case "memory":
            return MemoryStore(SystemClock())
        case "folder":
            return FolderStore(request.getfixturevalue("tmp_path") / "media")
        case "folder, no fsync":
            return FolderStore(request.getfixturevalue("tmp_path"), Fsync.NONE)
    server: SeaweedFS = request.getfixturevalue("seaweedfs")
    for name, value in environment(server.endpoint).items():
        request.getfixturevalue("monkeypatch").setenv(name, value)
    place = InBucket(BUCKET, f"contract/{uuid.uuid4().hex}")
    return await asyncio.to_thread(S3Store, place, S3Options(server.endpoint, REGION, timeout_s=10))
