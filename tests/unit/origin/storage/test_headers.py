"""How objects are to be served by the bucket itself."""

import pytest

from origin.storage.headers import headers_of


@pytest.mark.parametrize(
    ("key", "content_type", "caching"),
    [
        ("cat/1/720p/s0.m4s", "video/mp4", "immutable"),
        ("cat/1/audio/s0.m4s", "audio/mp4", "immutable"),
        ("cat/1/audio-en/init-0.mp4", "audio/mp4", "immutable"),
        ("cat/1/720p/init-0.mp4", "video/mp4", "immutable"),
        ("audio/1/720p/s0.m4s", "video/mp4", "immutable"),
        ("cat/1/720p/index.m3u8", "application/vnd.apple.mpegurl", "max-age=2"),
        ("cat/1/audio/index.m3u8", "application/vnd.apple.mpegurl", "max-age=2"),
        ("cat/1/poster.jpg", "image/jpeg", "immutable"),
        ("cat/1/thumbnails.vtt", "text/vtt", "immutable"),
        ("cat/1/journal.json", "application/json", "no-store"),
        ("cat/1/other", "application/octet-stream", "no-store"),
        ("m3u8", "application/vnd.apple.mpegurl", "max-age=2"),
    ],
)
def test_the_key_tells_type_and_caching(key: str, content_type: str, caching: str) -> None:
    headers = headers_of(key)
    assert headers.content_type == content_type
    assert caching in headers.cache_control
