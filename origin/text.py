"""Pure: one version of a playlist as bytes, in each coding and with its entity tag, made once and shared by all."""

import gzip
import hashlib

import brotli

from origin.content_coding import Coding

_GZIP_LEVEL = 5  # 3 KB of playlist: 75 us, 330 bytes; higher levels win nothing
_BROTLI_QUALITY = 4  # the same: 20 us, 230 bytes; higher qualities win nothing
_BROTLI_WINDOW_BITS = 16  # 64 KB: playlists are shorter, and a smaller window is set up faster
_DIGEST_BYTES = 8


class Text:
    """One version of a playlist; coded when first asked for."""

    __slots__ = ("_coded", "_digest", "plain")

    def __init__(self, text: str) -> None:
        self.plain = text.encode()
        self._digest = hashlib.blake2b(self.plain, digest_size=_DIGEST_BYTES).hexdigest()
        self._coded = {Coding.IDENTITY: self.plain}

    def body(self, coding: Coding) -> bytes:
        """The bytes in a coding."""
        if coding not in self._coded:
            self._coded[coding] = _compress(self.plain, coding)
        return self._coded[coding]

    def etag(self, coding: Coding) -> str:
        """A strong entity tag: the same bytes have the same one, on every node (RFC 9110 8.8.3)."""
        return f'"{self._digest}-{coding.value}"'


def _compress(plain: bytes, coding: Coding) -> bytes:
    if coding is Coding.GZIP:
        return gzip.compress(plain, _GZIP_LEVEL, mtime=0)
    compressed: bytes = brotli.compress(plain, brotli.MODE_TEXT, _BROTLI_QUALITY, _BROTLI_WINDOW_BITS)
    return compressed
