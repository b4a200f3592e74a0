"""Edge: an object store in an S3 bucket, through boto3 in threads of its own.

boto3 is asked to try once and to wait for no answer longer than two seconds: its own retries pause for seconds, and a
thread cannot be cancelled. What may pass is tried again here, soon, until a deadline; what is written behind is tried
again after that. Importing this module imports boto3, which takes half a second: only `factory` does, when it must.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import boto3
import structlog
from boto3.s3.transfer import TransferConfig
from botocore import exceptions
from botocore.config import Config

from infra.clock import NS_PER_S
from origin.storage.contract import PAGE_OBJECTS, Page, Stored, check_key, is_key, not_stored
from origin.storage.errors import StorageSettingRefused, StoreMisconfigured, StoreTroubled
from origin.storage.faults import s3_fault
from origin.storage.headers import headers_of
from origin.storage.location import InBucket

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ObjectIdentifierTypeDef

THREADS = 8  # calls at once: four that write, four that read
RETRY_FIRST_S, RETRY_CAP_S = 0.05, 0.4  # pauses between tries are random up to a bound that doubles
_ANY_REGION = "us-east-1"  # servers with an endpoint of their own accept it or ignore it
_DELETE_AT_ONCE = 1000  # limit of DeleteObjects
_CHECK_KEY = "tandem-check"
_SERVER_ERROR = 500  # the refusal of one key of many comes without a status

_IN_PARTS = TransferConfig(
    multipart_threshold=16 << 20, multipart_chunksize=16 << 20, use_threads=False
)  # of large files

Result = TypeVar("Result")

_log = structlog.get_logger("origin.storage")


@dataclass(frozen=True, slots=True)
class S3Options:
    """How the server is reached and what it is asked for; empty strings leave it to boto3's usual chain.

    Attributes:
        endpoint: URL of the server.
        region: of the bucket.
        addressing: where the bucket's name stands; auto: in the path if there is an endpoint.
        storage_class: of new objects.
        encryption: server-side, of new objects.
        kms_key: its key.
        timeout_s: how long the server may be silent; after twice that no try begins.
    """

    endpoint: str = ""
    region: str = ""
    addressing: Literal["auto", "path", "virtual"] = "auto"
    storage_class: str = ""
    encryption: str = ""
    kms_key: str = ""
    timeout_s: float = 2.0


class S3Store:
    """See `origin.storage.contract.ObjectStore`.

    Args:
        place: bucket and prefix.
        options: how it is reached.

    Raises:
        StorageSettingRefused: boto3 cannot make a client of them.
        StoreMisconfigured: the profile that the environment names is not there.
    """

    __slots__ = ("_client", "_deadline_s", "_extra", "_folder", "_place", "_threads")

    def __init__(self, place: InBucket, options: S3Options) -> None:
        self._place = place
        self._folder = f"{place.prefix}/" if place.prefix else ""
        self._client = _client(place, options)
        self._deadline_s = 2 * options.timeout_s
        given = {
            "StorageClass": options.storage_class,
            "ServerSideEncryption": options.encryption,
            "SSEKMSKeyId": options.kms_key,
        }
        self._extra: dict[str, Any] = {name: value for name, value in given.items() if value}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="s3-store")

    async def check(self) -> None:
        """Write, read and delete an object; credentials that may not delete are only warned of."""
        key = f"{_CHECK_KEY}-{random.getrandbits(64):016x}"
        await self.put(key, key.encode())
        await self.get(key)
        try:
            await self.delete([key])
        except StoreMisconfigured as error:
            _log.warning("stored objects cannot be deleted", why=str(error))

    async def put(self, key: str, data: bytes) -> None:
        """Store an object, with the headers that its key asks for; the server checks its CRC."""
        await self._run(self._put, key, data)

    async def put_file(self, key: str, path: Path) -> None:
        """Store a file's bytes, as `put` does, a large file in parts of 16 MiB."""
        await self._run(self._put_file, key, path)

    async def get(self, key: str, start: int = 0, stop: int | None = None) -> bytes:
        """The bytes of an object, or a range of them."""
        data = await self._run(self._get, key, start, stop)
        if data is None:
            raise not_stored(key)
        return data

    async def list(self, prefix: str, cursor: str = "", limit: int = PAGE_OBJECTS) -> Page:
        """The objects below a prefix; the cursor is the server's."""
        return await self._run(self._list, prefix, cursor, limit)

    async def delete(self, keys: Sequence[str]) -> None:
        """Forget objects."""
        for first in range(0, len(keys), _DELETE_AT_ONCE):
            await self._run(self._delete, keys[first : first + _DELETE_AT_ONCE])

    async def close(self) -> None:
        """Let the calls that run end, a few seconds at most; take no more."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        await asyncio.to_thread(self._client.close)

    async def _run(self, call: Callable[..., Result], *arguments: object) -> Result:
        """The answer of a call, which is tried until the deadline as long as another try may succeed."""
        loop = asyncio.get_running_loop()
        deadline, pause_s = loop.time() + self._deadline_s, RETRY_FIRST_S
        while True:
            try:
                return await loop.run_in_executor(self._threads, self._once, call, *arguments)
            except StoreTroubled:
                if loop.time() + pause_s > deadline:
                    raise
            await asyncio.sleep(random.uniform(0, pause_s))  # noqa: S311  jitter
            pause_s = min(RETRY_CAP_S, 2 * pause_s)

    # In threads

    def _once(self, call: Callable[..., Result], *arguments: object) -> Result:
        """The answer of a call, or an error of ours."""
        try:
            return call(*arguments)
        except exceptions.ClientError as error:
            told = error.response["Error"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise s3_fault(str(self._place), told.get("Code", ""), status, told.get("Message", "")) from error
        except _MISTAKES as error:
            raise StoreMisconfigured(f"{self._place}: {error}") from error
        except exceptions.BotoCoreError as error:
            raise StoreTroubled(f"{self._place}: {error}") from error

    def _name(self, key: str) -> str:
        return self._folder + check_key(key)

    def _put(self, key: str, data: bytes) -> None:
        headers = headers_of(key)
        self._client.put_object(
            Bucket=self._place.bucket,
            Key=self._name(key),
            Body=data,
            ContentType=headers.content_type,
            CacheControl=headers.cache_control,
            **self._extra,
        )

    def _put_file(self, key: str, path: Path) -> None:
        headers = headers_of(key)
        extra = {"ContentType": headers.content_type, "CacheControl": headers.cache_control, **self._extra}
        with path.open("rb") as file:
            self._client.upload_fileobj(file, self._place.bucket, self._name(key), extra, Config=_IN_PARTS)

    def _get(self, key: str, start: int, stop: int | None) -> bytes | None:
        size = None if stop is None else max(0, stop - start)
        last = "" if size is None else start + max(1, size) - 1  # HTTP has no empty ranges
        span: dict[str, Any] = {} if start == 0 and size is None else {"Range": f"bytes={start}-{last}"}
        try:
            answer = self._client.get_object(Bucket=self._place.bucket, Key=self._name(key), **span)
            return answer["Body"].read()[:size]
        except exceptions.ClientError as error:
            code = error.response["Error"].get("Code")
            if code == "NoSuchKey":
                return None
            if code == "InvalidRange":  # begins after the end
                return b""
            raise

    def _list(self, prefix: str, cursor: str, limit: int) -> Page:
        more: dict[str, Any] = {"ContinuationToken": cursor} if cursor else {}
        answer = self._client.list_objects_v2(
            Bucket=self._place.bucket, Prefix=self._folder + prefix, MaxKeys=min(limit, PAGE_OBJECTS), **more
        )
        found = (
            Stored(each["Key"].removeprefix(self._folder), each["Size"], _unix_ns(each["LastModified"]))
            for each in answer.get("Contents", [])
        )
        objects = tuple(stored for stored in found if is_key(stored.key))
        return Page(objects, answer["NextContinuationToken"] if answer["IsTruncated"] else "")

    def _delete(self, keys: Sequence[str]) -> None:
        if len(keys) == 1:
            self._client.delete_object(Bucket=self._place.bucket, Key=self._name(keys[0]))
            return
        named: list[ObjectIdentifierTypeDef] = [{"Key": self._name(key)} for key in keys]
        answer = self._client.delete_objects(Bucket=self._place.bucket, Delete={"Objects": named, "Quiet": True})
        for refused in answer.get("Errors", []):
            code = refused.get("Code", "")
            if code != "NoSuchKey":
                raise s3_fault(str(self._place), code, _SERVER_ERROR, refused.get("Message", ""))


def _unix_ns(moment: datetime) -> int:
    return round(moment.timestamp()) * NS_PER_S  # S3 tells whole seconds


_MISTAKES = (
    exceptions.NoCredentialsError,
    exceptions.PartialCredentialsError,
    exceptions.CredentialRetrievalError,
    exceptions.UnauthorizedSSOTokenError,
    exceptions.NoRegionError,
    exceptions.ParamValidationError,
    exceptions.SSLError,
)


def _client(place: InBucket, options: S3Options) -> "S3Client":
    addressing = options.addressing
    if addressing == "auto" and options.endpoint:
        addressing = "path"
    config = Config(
        connect_timeout=options.timeout_s,
        read_timeout=options.timeout_s,
        retries={"mode": "standard", "total_max_attempts": 1},
        max_pool_connections=THREADS,
        s3={"addressing_style": addressing},
    )
    try:
        session = boto3.session.Session()
        region = options.region or session.region_name or (_ANY_REGION if options.endpoint else None)
        return session.client("s3", region_name=region, endpoint_url=options.endpoint or None, config=config)
    except ValueError as error:
        raise StorageSettingRefused(f"endpoint {options.endpoint!r} refused: {error}") from error
    except exceptions.BotoCoreError as error:
        raise StoreMisconfigured(f"{place}: {error}") from error
