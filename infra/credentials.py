"""Pure: what a request shows to be let in, in the ways that programs have to send it."""

import binascii
import hmac
from base64 import b64decode


def secret_shown(authorization: str, in_query: str) -> str:
    """The secret that a request shows; empty if none.

    Args:
        authorization: its Authorization header: ``Bearer SECRET`` (RFC 6750 2.1), or ``Basic`` with the secret as the
            password of any user (RFC 7617 2), for programs that can only put it into a URL.
        in_query: what its query says, for programs that can send no header at all; a header wins.
    """
    scheme, _, value = authorization.strip().partition(" ")
    if not scheme:
        return in_query
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(value.strip(), validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""


def same_secret(shown: str, expected: str) -> bool:
    """Whether they are equal, in a time that does not depend on where they differ; an empty one never is."""
    return bool(expected) and hmac.compare_digest(shown.encode("utf-8", "replace"), expected.encode())
