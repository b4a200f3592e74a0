import gzip

import brotli

from origin.content_coding import Coding
from origin.text import Text


def test_each_coding_gives_the_same_text_and_is_made_once() -> None:
    text = Text("#EXTM3U\n" * 200)
    assert text.body(Coding.IDENTITY) == text.plain
    assert gzip.decompress(text.body(Coding.GZIP)) == text.plain
    assert brotli.decompress(text.body(Coding.BROTLI)) == text.plain
    for coding in Coding:
        assert text.body(coding) is text.body(coding)


def test_an_entity_tag_belongs_to_these_bytes_in_this_coding() -> None:
    tags = {text.etag(coding) for text in (Text("a"), Text("b")) for coding in Coding}
    assert len(tags) == 2 * len(Coding)
    assert Text("a").etag(Coding.GZIP) == Text("a").etag(Coding.GZIP)
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)
