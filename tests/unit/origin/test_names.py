import pytest

from infra.ids import RenditionName, SessionId, StreamName
from origin.errors import UrlMalformed
from origin.names import (
    FileKind,
    MediaFile,
    StoredFile,
    iframe_file,
    init_file,
    journal_key,
    journal_prefix,
    mark_key,
    object_key,
    parse_file,
    parse_key,
    parse_mark,
    part_file,
    segment_file,
    session_prefix,
    sibling_uri,
    variant_uri,
)

SESSION, RENDITION = SessionId("s1"), RenditionName("720p")


@pytest.mark.parametrize("number", [0, 1, 10, 10**17])
def test_names_are_read_as_they_are_written(number: int) -> None:
    assert parse_file(init_file(number)) == MediaFile(FileKind.INIT, number)
    assert parse_file(segment_file(number)) == MediaFile(FileKind.SEGMENT, number)
    assert parse_file(iframe_file(number)) == MediaFile(FileKind.IFRAME, number)
    assert parse_file(part_file(number)) == MediaFile(FileKind.PART, number)


def test_playlists_are_files_too() -> None:
    assert parse_file("index.m3u8") == MediaFile(FileKind.PLAYLIST, 0)
    assert parse_file("iframes.m3u8") == MediaFile(FileKind.IFRAME_PLAYLIST, 0)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "s.m4s",
        "s01.m4s",
        "s1.mp4",
        "init-0.m4s",
        "s-1.m4s",
        "x1.m4s",
        "s1.m4s\n",
        "s\uff11.m4s",
        "p" + "9" * 30 + ".m4s",
    ],
)
def test_every_other_name_is_refused(name: str) -> None:
    with pytest.raises(UrlMalformed, match=r"allowed are index\.m3u8"):
        parse_file(name)


def test_addresses_mirror_keys() -> None:
    assert variant_uri(SESSION, RENDITION) == "s1/720p/index.m3u8"
    assert variant_uri(SESSION, RENDITION, "iframes.m3u8") == "s1/720p/iframes.m3u8"
    assert sibling_uri(RENDITION) == "../720p/index.m3u8"
    assert object_key(StreamName("cat"), SESSION, RENDITION, "s7.m4s") == "cat/s1/720p/s7.m4s"


def test_the_pages_of_a_journal_lie_beside_the_renditions_and_sort_as_they_are_numbered() -> None:
    keys = [journal_key(StreamName("cat"), SESSION, page) for page in (0, 9, 10, 1000)]
    assert keys[0] == "cat/s1/journal-000000.jsonl"
    assert keys == sorted(keys)
    assert all(key.startswith(journal_prefix(StreamName("cat"), SESSION)) for key in keys)


def test_a_mark_says_whose_it_is_and_nothing_else_is_one() -> None:
    key = mark_key(StreamName("cat"), SESSION)
    assert key == "_unfinished/cat/s1.mark"
    assert parse_mark(key) == (StreamName("cat"), SESSION)
    for other in ("_unfinished/s1/720p/s0.m4s", "_unfinished/s1/journal-000000.jsonl", "cat/s1.mark"):
        assert parse_mark(other) is None


CAT = StreamName("cat")


@pytest.mark.parametrize(
    ("key", "file"),
    [
        ("cat/s1/720p/s7.m4s", StoredFile(CAT, SESSION, RENDITION, FileKind.SEGMENT)),
        ("cat/s1/720p/init-0.mp4", StoredFile(CAT, SESSION, RENDITION, FileKind.INIT)),
        ("cat/s1/720p/index.m3u8", StoredFile(CAT, SESSION, RENDITION, FileKind.PLAYLIST)),
        ("cat/s1/720p/i7.m4s", StoredFile(CAT, SESSION, RENDITION, FileKind.IFRAME)),
        ("cat/s1/720p/iframes.m3u8", StoredFile(CAT, SESSION, RENDITION, FileKind.IFRAME_PLAYLIST)),
        ("cat/s1/index.m3u8", StoredFile(CAT, SESSION, None, None)),
        ("cat/s1/journal-000012.jsonl", StoredFile(CAT, SESSION, None, None)),
    ],
)
def test_keys_are_read_as_they_are_written(key: str, file: StoredFile) -> None:
    assert parse_key(key) == file
    assert key.startswith(session_prefix(CAT, SESSION))


@pytest.mark.parametrize(
    "key",
    [
        *("cat/s1/720p/p7.m4s", "cat/s1/720p/s7.m4s.bak", "cat/s1/720p/x/s7.m4s", "cat/s1/s7.m4s", "s7.m4s", ""),
        *(".cat/s1/720p/s7.m4s", "cat/.s1/720p/s7.m4s", "cat/s1/.720p/s7.m4s", "-/s1/index.m3u8", "cat/s1/other.m3u8"),
        "cat/s1/journal-1.jsonl",
    ],
)
def test_under_every_other_key_nothing_of_ours_is_stored(key: str) -> None:
    assert parse_key(key) is None
