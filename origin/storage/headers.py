"""Pure: how a stored object is to be served by the bucket itself, told from its key alone.

So a file is served alike whether it was written at once, after a failure, or after a restart of the node.
"""

from dataclasses import dataclass

AUDIO = "audio"  # audio renditions' names begin so
_FOR_EVER = "public, max-age=31536000, immutable"  # keys contain a session id that is never used again
_A_MOMENT = "public, max-age=2"  # a playlist is rewritten until its session is finished
_NEVER = "no-store"
_BY_SUFFIX = {
    "m3u8": ("application/vnd.apple.mpegurl", _A_MOMENT),
    "m4s": ("video/mp4", _FOR_EVER),
    "mp4": ("video/mp4", _FOR_EVER),
    "jpg": ("image/jpeg", _FOR_EVER),
    "vtt": ("text/vtt", _FOR_EVER),
    "json": ("application/json", _NEVER),
}
_OTHER = ("application/octet-stream", _NEVER)


@dataclass(frozen=True, slots=True)
class Headers:
    """The values of Content-Type and Cache-Control."""

    content_type: str
    cache_control: str


def headers_of(key: str) -> Headers:
    """How the object of a key is to be served."""
    folder, _, file = key.rpartition("/")
    content_type, caching = _BY_SUFFIX.get(file.rpartition(".")[2], _OTHER)
    if content_type == "video/mp4" and folder.rpartition("/")[2].startswith(AUDIO):
        content_type = "audio/mp4"
    return Headers(content_type, caching)
