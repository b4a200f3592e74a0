"""What a real S3 server, its network, or a disk can do to a node: what the operator sees, and that nothing is lost."""

import asyncio
import json
import os
import signal
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from infra.clock import SystemClock
from origin.storage.contract import ObjectStore
from origin.storage.errors import StoreMisconfigured, StoreTroubled
from origin.storage.location import InBucket
from origin.storage.pending import Room
from origin.storage.s3 import S3Options, S3Store
from origin.storage.spill import SpillFolder
from origin.storage.write_behind import WriteBehind
from support.eventually import eventually
from support.faulty_proxy import Fault, FaultyProxy, faulty_proxy
from support.processes import TANDEM, free_port, running
from support.seaweedfs import BUCKET, REGION, SeaweedFS, environment
from support.spilled import spilled_keys

IMPATIENT_S, PATIENT_S = 0.5, 10.0
ROOM = Room(64 << 20, 64 << 20)
FULL_DISK = Path(__file__).parents[1] / "support" / "full_disk.py"
SPILLING = Path(__file__).parents[1] / "support" / "spilling.py"


def denied(bucket: str, *actions: str) -> str:
    """A bucket policy that forbids actions to everybody."""
    statement = {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment("").items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def proxy(seaweedfs: SeaweedFS) -> AsyncIterator[FaultyProxy]:
    async with faulty_proxy(seaweedfs.port) as made:
        yield made


@pytest.fixture
def prefix() -> str:
    return f"faults/{uuid.uuid4().hex}"


async def s3(
    endpoint: str, prefix: str, bucket: str = BUCKET, timeout_s: float = PATIENT_S, **options: str
) -> ObjectStore:
    """An S3 store that is patient: the machine may be busy."""
    made = S3Options(endpoint, REGION, timeout_s=timeout_s, **options)  # type: ignore[arg-type]
    return await asyncio.to_thread(S3Store, InBucket(bucket, prefix), made)


def body(n: int) -> bytes:
    return bytes([n]) * 150_000


# What is raised


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "the access key is unknown there"),
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "the secret key does not fit the access key"),
        ({"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}, "Unable to locate credentials"),
    ],
)
async def test_wrong_credentials_are_the_operators_mistake(
    seaweedfs: SeaweedFS, prefix: str, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    store = await s3(seaweedfs.endpoint, prefix)
    with pytest.raises(StoreMisconfigured, match=f"^s3://{BUCKET}/{prefix}: {told}"):
        await store.check()
    await store.close()


async def test_a_profile_that_is_not_there_is_the_operators_mistake(
    seaweedfs: SeaweedFS, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    with pytest.raises(StoreMisconfigured, match="nowhere"):
        await s3(seaweedfs.endpoint, prefix)


async def test_a_bucket_that_is_missing_or_read_only_and_an_unknown_class_are_the_operators_mistakes(
    seaweedfs: SeaweedFS, prefix: str
) -> None:
    policy = denied("readonly", "s3:PutObject", "s3:DeleteObject")
    await asyncio.to_thread(seaweedfs.make_bucket, "readonly", policy)
    mistakes = [
        (await s3(seaweedfs.endpoint, prefix, "missing"), "there is no such bucket; create it"),
        (await s3(seaweedfs.endpoint, prefix, "readonly"), "these credentials may not do that; allow s3:GetObject"),
        (
            await s3(seaweedfs.endpoint, prefix, storage_class="GOLD"),
            "no such storage class; correct --s3-storage",
        ),
    ]
    for store, told in mistakes:
        with pytest.raises(StoreMisconfigured, match=told):
            await store.check()
        await store.close()


async def test_credentials_that_may_not_delete_are_warned_of_and_can_be_used(seaweedfs: SeaweedFS, prefix: str) -> None:
    await asyncio.to_thread(seaweedfs.make_bucket, "appendonly", denied("appendonly", "s3:DeleteObject"))
    store = await s3(seaweedfs.endpoint, prefix, "appendonly")
    with capture_logs() as logs:
        await store.check()
    assert [entry["event"] for entry in logs] == ["stored objects cannot be deleted"]
    await store.put("a", b"x")
    with pytest.raises(StoreMisconfigured, match="these credentials may not do that"):
        await store.delete(["a"])
    await store.close()


@pytest.mark.parametrize(("code", "expected"), [("AccessDenied", StoreMisconfigured), ("InternalError", StoreTroubled)])
async def test_one_refusal_among_many_deletions_is_raised(
    proxy: FaultyProxy, prefix: str, code: str, expected: type[Exception]
) -> None:
    refusals = f"<Error><Key>a</Key><Code>NoSuchKey</Code></Error><Error><Key>b</Key><Code>{code}</Code></Error>"
    document = f"<DeleteResult>{refusals}</DeleteResult>"
    proxy.answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(document)}\r\n\r\n{document}".encode()
    proxy.fault = Fault.BUSY
    store = await s3(proxy.endpoint, prefix, timeout_s=IMPATIENT_S)
    with pytest.raises(expected, match=rf"\({code}\)"):
        await store.delete(["a", "b"])
    await store.close()


async def test_objects_have_the_headers_and_the_class_that_were_asked_for(seaweedfs: SeaweedFS, prefix: str) -> None:
    store = await s3(seaweedfs.endpoint, prefix, storage_class="STANDARD_IA", encryption="AES256")
    await store.put("cat/s1/audio/s0.m4s", b"x")
    head = await asyncio.to_thread(seaweedfs.client.head_object, Bucket=BUCKET, Key=f"{prefix}/cat/s1/audio/s0.m4s")
    assert (head["ContentType"], head["CacheControl"]) == ("audio/mp4", "public, max-age=31536000, immutable")
    assert (head["StorageClass"], head["ServerSideEncryption"]) == ("STANDARD_IA", "AES256")
    await store.close()


async def test_what_is_not_ours_below_the_prefix_is_not_listed(seaweedfs: SeaweedFS, prefix: str) -> None:
    await asyncio.to_thread(seaweedfs.client.put_object, Bucket=BUCKET, Key=f"{prefix}/of somebody/else", Body=b"x")
    store = await s3(seaweedfs.endpoint, prefix)
    await store.put("ours", b"x")
    assert [stored.key for stored in (await store.list("")).objects] == ["ours"]
    await store.close()


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.HANG, Fault.RESET])
async def test_trouble_is_tried_again_and_raised_within_the_deadline(
    proxy: FaultyProxy, prefix: str, fault: Fault
) -> None:
    store = await s3(proxy.endpoint, prefix, timeout_s=IMPATIENT_S)
    proxy.fault = fault
    calls = (store.put("b", body(1)), store.get("a"), store.list(""), store.delete(["a"]))
    async with asyncio.timeout(20):
        raised = await asyncio.gather(*calls, return_exceptions=True)
    for error in raised:
        assert isinstance(error, StoreTroubled)
        assert str(error).startswith(f"s3://{BUCKET}/{prefix}: ")
    if fault is not Fault.HANG:
        assert proxy.requests > 2 * len(calls), "nothing was tried again"
    await store.close()


async def test_a_moment_of_trouble_is_not_seen(proxy: FaultyProxy, prefix: str) -> None:
    store = await s3(proxy.endpoint, prefix)
    proxy.fault = Fault.BUSY
    putting = asyncio.create_task(store.put("a", b"x"))
    await eventually(lambda: proxy.requests >= 2)
    proxy.fault = Fault.NONE
    await putting
    assert await store.get("a") == b"x"
    await store.close()


async def test_nobody_at_the_endpoint_is_trouble(prefix: str) -> None:
    store = await s3(f"http://127.0.0.1:{free_port()}", prefix, timeout_s=IMPATIENT_S)
    with pytest.raises(StoreTroubled, match="Could not connect to the endpoint URL"):
        await store.check()
    await store.close()


# That nothing is lost


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NONE])
async def test_no_object_is_lost_or_torn_by_a_fault_that_passes(
    seaweedfs: SeaweedFS, proxy: FaultyProxy, prefix: str, tmp_path: Path, fault: Fault
) -> None:
    lost = REGISTRY.get_sample_value("tandem_origin_store_lost_objects_total")
    store = await s3(proxy.endpoint, prefix, timeout_s=IMPATIENT_S)
    writer = WriteBehind(store, SystemClock(), ROOM, SpillFolder(tmp_path), 0.01)
    await writer.start()
    told: list[str] = []

    def put(n: int) -> None:
        writer.put(f"cat/s1/720p/s{n}.m4s", body(n), lambda: told.append(f"{prefix}/cat/s1/720p/s{n}.m4s"))

    for n in range(6):
        put(n)
    proxy.fault = fault
    for n in range(6, 12):
        put(n)
    if fault is Fault.SLOW:
        assert await writer.flush(20)
    else:
        await eventually(lambda: REGISTRY.get_sample_value("tandem_origin_store_trouble") == 1)
        await eventually(lambda: len(spilled_keys(tmp_path)) == writer.pending[0] > 0)
    known = set(await asyncio.to_thread(seaweedfs.objects, prefix))
    assert set(told) <= known
    proxy.fault = Fault.NONE
    assert await writer.flush(20)
    await writer.close()
    expected = {f"{prefix}/cat/s1/720p/s{n}.m4s": body(n) for n in range(12)}
    assert await asyncio.to_thread(seaweedfs.objects, prefix) == expected
    assert set(told) == set(expected)
    assert REGISTRY.get_sample_value("tandem_origin_store_lost_objects_total") == lost


async def test_no_object_is_lost_when_the_server_is_killed_and_started_again(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    server = SeaweedFS(tmp_path / "server")
    try:
        await asyncio.to_thread(server.start)
        store = await s3(server.endpoint, "media", timeout_s=IMPATIENT_S)
        writer = WriteBehind(store, SystemClock(), ROOM, SpillFolder(tmp_path / "spill"), 0.01)
        await writer.start()
        told: set[int] = set()
        for n in range(10):
            writer.put(f"k{n}", body(n), lambda n=n: told.add(n))  # type: ignore[misc]
        await eventually(lambda: told)
        await asyncio.to_thread(server.stop, signal.SIGKILL)
        for n in range(10, 20):
            writer.put(f"k{n}", body(n), lambda n=n: told.add(n))  # type: ignore[misc]
        await eventually(lambda: writer.pending[0] == len(spilled_keys(tmp_path / "spill")) >= 10)
        await asyncio.to_thread(server.start)
        assert await writer.flush(20)
        await writer.close()
        assert await asyncio.to_thread(server.objects, "media") == {f"media/k{n}": body(n) for n in range(20)}
        assert told == set(range(20))
    finally:
        await asyncio.to_thread(server.close)


async def test_what_a_killed_node_had_spilled_is_stored_by_the_next_one(
    seaweedfs: SeaweedFS, proxy: FaultyProxy, prefix: str, tmp_path: Path
) -> None:
    proxy.fault = Fault.RESET
    command = (sys.executable, SPILLING, f"s3://{BUCKET}/{prefix}", proxy.endpoint, str(tmp_path))
    async with running(*command, env={"PYTHONPATH": os.pathsep.join(sys.path)}) as node:
        folder = Path((await node.says(lambda line: line.startswith("spilled into "))).removeprefix("spilled into "))
        node.process.kill()
        await node.ended()
    proxy.fault = Fault.NONE
    writer = WriteBehind(await s3(proxy.endpoint, prefix), SystemClock(), ROOM, SpillFolder(folder))
    await writer.start()
    assert await writer.flush(20)
    await writer.close()
    expected = {f"{prefix}/k{n}": bytes([n]) * 150_000 for n in range(10)}
    assert await asyncio.to_thread(seaweedfs.objects, prefix) == expected


async def test_a_full_disk_is_trouble_and_no_object_is_lost_or_torn(tmp_path: Path) -> None:
    command = (sys.executable, FULL_DISK, str(tmp_path))
    async with running(*command, env={"PYTHONPATH": os.pathsep.join(sys.path)}) as node:
        assert await node.ended() == 0, node.lines
    assert f"folder {tmp_path}/media: files of this size are not allowed" in node.lines
    assert {path.name: path.read_bytes() for path in (tmp_path / "media").glob("k*")} == {
        f"k{n}": bytes([n]) * 150_000 for n in range(10)
    }
    assert list((tmp_path / "media" / ".unfinished").iterdir()) == []


# What the operator sees


@pytest.mark.parametrize(
    ("bucket", "variables", "told"),
    [
        ("missing", {}, "s3://missing/media: there is no such bucket; create it, or correct --storage (NoSuchBucket)"),
        (BUCKET, {"AWS_SECRET_ACCESS_KEY": "wrong"}, "s3://tandem/media: the secret key does not fit the access key"),
    ],
)
async def test_a_mistake_is_one_sentence_and_exit_code_1(
    seaweedfs: SeaweedFS, tmp_path: Path, bucket: str, variables: dict[str, str], told: str
) -> None:
    command = (TANDEM, "serve", "--port", "0", "--udp-port", "0", "--storage", f"s3://{bucket}/media")
    env = {**environment(seaweedfs.endpoint), "TANDEM_SPILL_FOLDER": str(tmp_path), **variables}
    async with running(*command, env=env) as node:
        assert await node.ended() == 1
    assert len(node.lines) == 1
    assert node.lines[0].startswith(f"tandem: {told}")


async def test_a_server_that_comes_later_is_waited_for_and_the_node_is_not_ready_until_then(
    proxy: FaultyProxy, prefix: str, tmp_path: Path
) -> None:
    proxy.fault = Fault.RESET
    port = free_port()
    command = (TANDEM, "serve", "--port", str(port), "--udp-port", "0", "--storage", f"s3://{BUCKET}/{prefix}")
    env = {**environment(proxy.endpoint), "TANDEM_SPILL_FOLDER": str(tmp_path), "TANDEM_S3_TIMEOUT_S": "0.3"}
    async with running(*command, env=env) as node, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        await node.says(lambda line: "the store is in trouble; what is finished waits" in line)
        await node.says(lambda line: '"listening"' in line)
        async with http.get("/readyz") as answer:
            assert answer.status == 503
            assert f"s3://{BUCKET}/{prefix}: " in (await answer.json())["detail"]
        proxy.fault = Fault.NONE
        await node.says(lambda line: "the store works again" in line)
        async with http.get("/readyz") as answer:
            assert answer.status == 200
        async with http.get("/metrics") as answer:
            assert "tandem_origin_store_trouble 0.0" in await answer.text()
