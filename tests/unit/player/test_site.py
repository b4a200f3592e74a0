import gzip
import re
from pathlib import PurePosixPath

import pytest

from player.site import SECURITY_HEADERS, SiteFile, fill_error_page

SCRIPT = b"export const answer = 42;\n" * 40


def script() -> SiteFile:
    return SiteFile.of(PurePosixPath("assets/watch-abc.js"), SCRIPT)


def test_what_has_its_hash_in_its_name_is_kept_for_ever_and_pages_are_asked_for_every_time() -> None:
    assert script().headers()["Cache-Control"] == "public, max-age=31536000, immutable"
    assert SiteFile.of(PurePosixPath("index.html"), b"<p>").headers()["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("a.js", "text/javascript"),
        ("a.css", "text/css"),
        ("a.html", "text/html"),
        ("a.svg", "image/svg+xml"),
        ("a.exe", "application/octet-stream"),
    ],
)
def test_the_type_follows_from_the_name(name: str, content_type: str) -> None:
    assert SiteFile.of(PurePosixPath(name), b"").headers()["Content-Type"] == f"{content_type}; charset=utf-8"


def test_compression_is_kept_only_where_it_saves_something() -> None:
    gzipped = script().gzipped
    assert gzipped is not None
    assert gzip.decompress(gzipped) == SCRIPT
    assert len(gzipped) < len(SCRIPT)
    assert SiteFile.of(PurePosixPath("a.svg"), b"x").gzipped is None


@pytest.mark.parametrize("header", ["{}", "W/{}", '"other", {}', "*"])
def test_a_client_that_has_the_file_is_recognised(header: str) -> None:
    assert script().is_known(header.format(script().etag))


@pytest.mark.parametrize("header", [None, "", '"other"'])
def test_a_client_that_has_another_file_or_none_is_not(header: str | None) -> None:
    assert not script().is_known(header)


def test_other_content_has_another_tag() -> None:
    assert SiteFile.of(PurePosixPath("assets/watch-abc.js"), SCRIPT + b"\n").etag != script().etag


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:|\*|data:", policy)


def test_the_words_of_an_error_are_escaped() -> None:
    page = fill_error_page(b"<h1>{{title}}</h1><p>{{sentence}}</p><title>{{title}}</title>", "Odd", "<script>'&")
    assert page == b"<h1>Odd</h1><p>&lt;script&gt;&#x27;&amp;</p><title>Odd</title>"
