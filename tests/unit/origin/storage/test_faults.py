"""What a store's refusal means."""

import errno
import os

import pytest

from origin.storage.errors import StoreMisconfigured, StoreTroubled
from origin.storage.faults import folder_fault, s3_fault

WHERE = "s3://bucket/media"


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("NoSuchBucket", 404, "create it"),
        ("InvalidAccessKeyId", 403, "AWS_ACCESS_KEY_ID"),
        ("SignatureDoesNotMatch", 403, "AWS_SECRET_ACCESS_KEY"),
        ("AccessDenied", 403, "s3:GetObject"),
        ("403", 403, "s3:GetObject"),
        ("ExpiredToken", 400, "get new credentials"),
        ("PermanentRedirect", 301, "--s3-region"),
        ("InvalidStorageClass", 400, "--s3-storage-class"),
        ("KMS.NotFoundException", 400, "--s3-kms-key"),
        ("NotImplemented", 501, "unset --s3-storage-class"),
        ("MethodNotAllowed", 405, "the server refuses: no such thing"),
    ],
)
def test_a_mistake_of_the_operator_names_the_place_and_what_to_put_right(code: str, status: int, told: str) -> None:
    fault = s3_fault(WHERE, code, status, "No such thing.".lower())
    assert isinstance(fault, StoreMisconfigured)
    assert str(fault).startswith(f"{WHERE}: ")
    assert told in str(fault)
    assert str(fault).endswith(f"({code})")


@pytest.mark.parametrize(
    ("code", "status"),
    [("SlowDown", 503), ("InternalError", 500), ("503", 503), ("RequestTimeout", 408), ("TooManyRequests", 429)],
)
def test_trouble_of_the_server_is_worth_another_try(code: str, status: int) -> None:
    fault = s3_fault(WHERE, code, status, "Please reduce your request rate.")
    assert isinstance(fault, StoreTroubled)
    assert str(fault) == f"{WHERE}: the server cannot now: Please reduce your request rate ({code})"


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (errno.EROFS, "it is mounted read-only"),
        (errno.EACCES, "this user may not write there"),
        (errno.ENOTDIR, "a part of the path is a file"),
    ],
)
def test_a_folder_that_is_closed_is_the_operators_mistake(number: int, told: str) -> None:
    fault = folder_fault("folder /media", OSError(number, os.strerror(number)))
    assert isinstance(fault, StoreMisconfigured)
    assert str(fault) == f"folder /media: {told}"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "x"), "the disk is full"),
        (OSError(errno.EDQUOT, "x"), "the quota is used up"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
        (OSError("odd"), "odd"),
    ],
)
def test_trouble_of_a_disk_is_worth_another_try(error: OSError, told: str) -> None:
    fault = folder_fault("folder /media", error)
    assert isinstance(fault, StoreTroubled)
    assert str(fault) == f"folder /media: {told}"
