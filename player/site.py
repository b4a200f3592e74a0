"""Pure: one built file as it goes over HTTP: type, ETag, caching, compression, security headers."""

import gzip
import hashlib
import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Self
from urllib.parse import urlsplit

ASSETS = "assets"  # Vite's folder of files with a hash of their content in their name
_TYPES: Mapping[str, str] = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EVERY_TIME = "no-cache"

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "media-src": "'self' blob:",  # blob: is the browser's own MediaSource
    "connect-src": "'self'",
    "worker-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}


def _policy(sources: Mapping[str, str]) -> str:
    return "; ".join(f"{what} {allowed}" for what, allowed in sources.items())


SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": _policy(_POLICY),
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
EMBEDDED_HEADERS: Mapping[str, str] = {  # of the one page that others may show in a frame
    **{name: value for name, value in SECURITY_HEADERS.items() if name != "X-Frame-Options"},
    "Content-Security-Policy": _policy({**_POLICY, "frame-ancestors": "*"}),
    "Permissions-Policy": "camera=(), microphone=(), display-capture=(), geolocation=(), payment=()",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


def with_media_from(security: Mapping[str, str], base_url: str) -> Mapping[str, str]:
    """The headers of a node whose media comes from elsewhere, such as a CDN; the same for an empty URL."""
    if not base_url:
        return security
    parts = urlsplit(base_url)
    here, wider = "connect-src 'self'", f"connect-src 'self' {parts.scheme}://{parts.netloc}"
    return {name: value.replace(here, wider) for name, value in security.items()}


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A built file, ready to be sent.

    Attributes:
        body: as built.
        gzipped: compressed; None where that would save nothing.
        content_type: media type; text is UTF-8.
        etag: strong entity tag of `body`, quoted.
        cache_control: for ever if the name carries a hash of the content, else to be asked for every time.
    """

    body: bytes
    gzipped: bytes | None
    content_type: str
    etag: str
    cache_control: str

    @classmethod
    def of(cls, path: PurePosixPath, body: bytes) -> Self:
        """The file at a path below ``dist``."""
        gzipped = gzip.compress(body, mtime=0)
        return cls(
            body=body,
            gzipped=gzipped if len(gzipped) < len(body) else None,
            content_type=_TYPES.get(path.suffix, "application/octet-stream"),
            etag=f'"{hashlib.sha256(body).hexdigest()[:20]}"',
            cache_control=_FOR_EVER if path.parts[0] == ASSETS else _ASK_EVERY_TIME,
        )

    def headers(self, security: Mapping[str, str] = SECURITY_HEADERS) -> dict[str, str]:
        """All headers but those of the content's coding."""
        return {
            **security,
            "Content-Type": f"{self.content_type}; charset=utf-8",
            "Cache-Control": self.cache_control,
            "ETag": self.etag,
            "Vary": "Accept-Encoding",
        }

    def is_known(self, if_none_match: str | None) -> bool:
        """Whether the client has it already (RFC 9110 13.1.2; compared weakly)."""
        if if_none_match is None:
            return False
        tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return bool(tags & {"*", self.etag})


def fill_error_page(template: bytes, title: str, sentence: str) -> bytes:
    """The error page with its words put in, escaped."""
    page = template.decode()
    for mark, words in (("{{title}}", title), ("{{sentence}}", sentence)):
        page = page.replace(mark, html.escape(words))
    return page.encode()
