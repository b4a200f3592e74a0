"""A real S3 server on loopback: started, stopped, killed and started again."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

WEED = Path(sys.executable).with_name("weed")
ACCESS_KEY, SECRET_KEY = "tandem", "tandem-secret"
REGION = "us-east-1"
BUCKET = "tandem"
_PORTS = 5  # S3, master, volume, filer, admin; each has a gRPC port 10,000 above
_GRPC = 10_000
_READY_S = 60.0
_STOP_S = 20.0


class SeaweedFS:
    """One server with its data in a folder; the bucket `BUCKET` is made."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = _free_ports()
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.client: S3Client = boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
            config=Config(connect_timeout=1, read_timeout=2, retries={"total_max_attempts": 1}),
        )

    def start(self) -> None:
        """Run it, and return when an object can be written and read."""
        with (self._folder / "weed.log").open("ab") as log:
            self._process = subprocess.Popen(
                [WEED, "mini", f"-dir={self._folder}", *_flags(self.port)],
                env={**os.environ, "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._folder,
            )
        deadline = time.monotonic() + _READY_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self._folder / "weed.log").read_text()[-3000:])
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it by a signal."""
        if self._process is not None:
            self._process.send_signal(number)
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def make_bucket(self, name: str, policy: str | None = None) -> str:
        """Make a bucket, with a policy if need be; its name."""
        self.client.create_bucket(Bucket=name)
        if policy is not None:
            self.client.put_bucket_policy(Bucket=name, Policy=policy)
        return name

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """What is in the bucket, by name."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        names = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return {name: self.client.get_object(Bucket=BUCKET, Key=name)["Body"].read() for name in names}

    def close(self) -> None:
        """End it for good; what it holds is thrown away."""
        self.client.close()
        self.stop(signal.SIGKILL)

    def _answers(self) -> bool:
        try:
            buckets = [bucket.get("Name") for bucket in self.client.list_buckets()["Buckets"]]
            if BUCKET not in buckets:
                self.client.create_bucket(Bucket=BUCKET)
            self.client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
            return self.client.get_object(Bucket=BUCKET, Key="ready")["Body"].read() == b"ready"
        except (BotoCoreError, ClientError):
            return False


def environment(endpoint: str) -> dict[str, str]:
    """The variables by which a process finds the server and nothing else."""
    return {
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "TANDEM_S3_ENDPOINT": endpoint,
        "TANDEM_S3_REGION": REGION,
    }


def _flags(port: int) -> list[str]:
    flags: dict[str, Any] = {
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "master.telemetry": "false",
        "admin.ui": "false",
        "webdav": "false",
        "s3.port": port,
        "master.port": port + 1,
        "volume.port": port + 2,
        "filer.port": port + 3,
        "admin.port": port + 4,
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.autoCreateBucket": "false",
        "s3.allowDeleteBucketNotEmpty": "false",
    }
    return [f"-{name}={value}" for name, value in flags.items()]


def _free_ports() -> int:
    """The first of a row of ports that are free, as are those of gRPC above them."""
    for first in random.sample(range(19_000, 30_000, _PORTS), 200):
        if all(_is_free(first + n) and _is_free(first + n + _GRPC) for n in range(_PORTS)):
            return first
    raise AssertionError("no ports are free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
