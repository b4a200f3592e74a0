"""Pure: stream names and session ids, and what is allowed in them."""

import re
from typing import NewType

from infra.errors import BadRequest

StreamName = NewType("StreamName", str)
SessionId = NewType("SessionId", str)
RenditionName = NewType("RenditionName", str)

SESSION_BYTES = 5  # of randomness in a session id
NAME_MAX_CHARS = 64  # names are folders in the store and parts of URLs
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_SHOWN_CHARS = 40  # of a refused name: enough to recognise it, too little to flood a log


def parse_stream_name(text: str) -> StreamName:
    """A stream name as it stands in a URL: 1 to 64 letters, digits, ``_ - .``, not starting with ``-`` or ``.``.

    Raises:
        BadRequest: the text is anything else.
    """
    if not _NAME.fullmatch(text):
        raise BadRequest(
            f"stream name {text[:_SHOWN_CHARS]!r} refused: allowed are 1 to {NAME_MAX_CHARS} characters of "
            "A-Z a-z 0-9 _ - . and the first one is not - or .",
        )
    return StreamName(text)


def parse_session_id(text: str) -> SessionId:
    """A session id as it stands in a URL; same alphabet as a stream name.

    Raises:
        BadRequest: the text is anything else.
    """
    if not _NAME.fullmatch(text):
        raise BadRequest(f"session id {text[:_SHOWN_CHARS]!r} refused: not an id this server makes")
    return SessionId(text)


def parse_rendition_name(text: str) -> RenditionName:
    """A rendition name as it stands in a URL; same alphabet as a stream name.

    Raises:
        BadRequest: the text is anything else.
    """
    if not _NAME.fullmatch(text):
        raise BadRequest(f"rendition name {text[:_SHOWN_CHARS]!r} refused: allowed is the alphabet of stream names")
    return RenditionName(text)


def session_id(now_ns: int, random_bytes: bytes) -> SessionId:
    """A session id that sorts by time and cannot be guessed: 11 hex digits of milliseconds, then the random bytes.

    Args:
        now_ns: Unix time of the session's start.
        random_bytes: `SESSION_BYTES` from a cryptographic source.
    """
    return SessionId(f"{now_ns // 1_000_000:011x}{random_bytes.hex()}")
