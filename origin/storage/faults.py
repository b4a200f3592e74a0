"""Pure: what a store's refusal means: who must act, and what the operator is told in one sentence."""

import errno

from origin.storage.errors import StoreMisconfigured, StoreTroubled

_DISK_FULL = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EFBIG: "files of this size are not allowed",
}
_DISK_CLOSED = {
    errno.EROFS: "it is mounted read-only",
    errno.EACCES: "this user may not write there",
    errno.EPERM: "this user may not write there",
    errno.EEXIST: "a part of the path is a file",
    errno.ENOTDIR: "a part of the path is a file",
    errno.ELOOP: "its symbolic links lead in a circle",
}
_TIMEOUT, _TOO_MANY, _SERVER_ERROR = 408, 429, 500
_NOT_ALLOWED = "these credentials may not do that; allow s3:GetObject, PutObject, DeleteObject and ListBucket"
_OTHER_REGION = "the bucket is in another region; set --s3-region"
_S3_MISTAKES = {
    "NoSuchBucket": "there is no such bucket; create it, or correct --storage",
    "InvalidBucketName": "this is no bucket name the server accepts; correct --storage",
    "InvalidAccessKeyId": "the access key is unknown there; correct AWS_ACCESS_KEY_ID or the profile",
    "SignatureDoesNotMatch": "the secret key does not fit the access key; correct AWS_SECRET_ACCESS_KEY or the profile",
    "ExpiredToken": "the session token has expired; get new credentials",
    "InvalidToken": "the session token is wrong; correct AWS_SESSION_TOKEN or the profile",
    "RequestTimeTooSkewed": "the clock of this host is wrong; synchronise it",
    "AccessDenied": _NOT_ALLOWED,
    "AllAccessDisabled": _NOT_ALLOWED,
    "403": _NOT_ALLOWED,
    "PermanentRedirect": _OTHER_REGION,
    "AuthorizationHeaderMalformed": _OTHER_REGION,
    "InvalidStorageClass": "the server has no such storage class; correct --s3-storage-class",
    "KMS.NotFoundException": "there is no such key; correct --s3-kms-key",
    "KMS.DisabledException": "the key is disabled; enable it, or correct --s3-kms-key",
    "NotImplemented": "the server cannot do that; unset --s3-storage-class and --s3-encryption",
}


def s3_fault(where: str, code: str, status: int, message: str) -> StoreMisconfigured | StoreTroubled:
    """What an error answer of an S3 server means.

    Args:
        where: the store, as the operator names it.
        code: of the answer's body (Amazon S3 API reference, "Error responses"), or the status if it had none.
        status: of the answer.
        message: of the answer's body.
    """
    if code in _S3_MISTAKES:
        return StoreMisconfigured(f"{where}: {_S3_MISTAKES[code]} ({code})")
    said = f"{message.rstrip('.')} ({code})"
    if status >= _SERVER_ERROR or status in {_TIMEOUT, _TOO_MANY}:
        return StoreTroubled(f"{where}: the server cannot now: {said}")
    return StoreMisconfigured(f"{where}: the server refuses: {said}")


def folder_fault(where: str, error: OSError) -> StoreMisconfigured | StoreTroubled:
    """What an error of the file system means; one that may pass is worth another try."""
    if error.errno in _DISK_CLOSED:
        return StoreMisconfigured(f"{where}: {_DISK_CLOSED[error.errno]}")
    return StoreTroubled(f"{where}: {_DISK_FULL.get(error.errno or 0, error.strerror or str(error))}")
