"""Pure: signed, expiring paths of viewers: ``/t/{token}/live/...``.

A token opens one stream until an instant. It is the first part of the path, so that the relative addresses in
playlists, and a player that follows them, keep it on every playlist, segment, part and init section.

It is ``{expiry}-{signature}``: Unix seconds in hexadecimal, and HMAC-SHA-256 over the stream's name and the expiry, cut
to 128 bits, in the URL's Base64 alphabet. There is one way to write it, so that caches hold nothing twice.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode

from infra.errors import Forbidden
from infra.ids import StreamName

PREFIX = "/t"
GUARDED = ("live", "vod", "whep", "watch", "compare", "embed")  # what viewers ask for: the first part of its path
MAX_VALID_S = 366 * 86_400
_SIGNATURE_BYTES = 16
_PURPOSE = b"tandem viewer"  # so that the secret may sign other things too
_TOKEN = re.compile(r"([1-9a-f][0-9a-f]{0,9})-([A-Za-z0-9_-]{22})")
_DURATION = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_TOKEN_IN_PATH = re.compile(rf"^{PREFIX}/[^/]*")


def make_token(secret: str, stream: StreamName, expires_s: int) -> str:
    """The token that opens a stream until an instant, in Unix seconds."""
    expiry = f"{expires_s:x}"
    return f"{expiry}-{_signature(secret, stream, expiry)}"


def check_token(secret: str, stream: StreamName, token: str, now_s: int | None) -> None:
    """Does this token open the stream now?

    Args:
        secret: that tokens are signed with.
        stream: the one that is asked for.
        token: as it stands in the path.
        now_s: Unix seconds; None if one that has expired is as good.

    Raises:
        Forbidden: it is none, it is another stream's, or it has expired.
    """
    found = _TOKEN.fullmatch(token)
    expiry, signature = found.groups() if found else ("0", "")
    if not hmac.compare_digest(signature.encode(), _signature(secret, stream, expiry).encode()):
        raise Forbidden(f"token refused: it does not open stream {stream}")
    if now_s is not None and int(expiry, 16) <= now_s:
        raise Forbidden("token refused: it has expired")


def is_guarded(path: str) -> bool:
    """Whether a route, such as ``/live/{stream}/index.m3u8``, is one that viewers need a token for."""
    return path.split("/")[1] in GUARDED


def viewer_paths(token: str, stream: StreamName) -> tuple[str, ...]:
    """What a token opens: the page, the multivariant playlist, the WHEP endpoint."""
    root = f"{PREFIX}/{token}"
    return f"{root}/watch/{stream}", f"{root}/live/{stream}/index.m3u8", f"{root}/whep/{stream}"


def without_token(path: str) -> str:
    """A path as it may stand in a log."""
    return _TOKEN_IN_PATH.sub(f"{PREFIX}/redacted", path)


def parse_duration(text: str) -> int:
    """A length of time, such as ``90s``, ``30m``, ``2h`` or ``7d``, in seconds.

    Raises:
        ValueError: it is none, or longer than 366 days.
    """
    found = _DURATION.fullmatch(text)
    seconds = int(found[1]) * _UNIT_S[found[2]] if found else 0
    if not 0 < seconds <= MAX_VALID_S:
        raise ValueError(f"length of time {text[:40]!r} refused: allowed are 1s to 366d, in s, m, h or d")
    return seconds


def _signature(secret: str, stream: StreamName, expiry: str) -> str:
    signed = hmac.digest(secret.encode(), b"\0".join((_PURPOSE, stream.encode(), expiry.encode())), hashlib.sha256)
    return urlsafe_b64encode(signed[:_SIGNATURE_BYTES]).rstrip(b"=").decode()
