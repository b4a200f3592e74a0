import pytest

from infra.errors import BadRequest
from infra.ids import RenditionName, SessionId, StreamName
from origin.errors import UrlMalformed
from origin.names import (
    FileKind,
    MediaFile,
    StoredFile,
    entry_key,
    iframe_file,
    init_file,
    journal_key,
    journal_prefix,
    mark_key,
    object_key,
    parse_entry_key,
    parse_file,
    parse_key,
    parse_mark,
    parse_recording_path,
    part_file,
    recording_key,
    segment_file,
    session_prefix,
    sheet_file,
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
        ("cat/s1/recording.mp4", StoredFile(CAT, SESSION, None, None)),
        ("cat/s1/poster.jpg", StoredFile(CAT, SESSION, None, None)),
        ("cat/s1/thumbnails.vtt", StoredFile(CAT, SESSION, None, None)),
        ("cat/s1/thumbnails-0.jpg", StoredFile(CAT, SESSION, None, None)),
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
        *("cat/s1/journal-1.jsonl", "cat/s1/thumbnails-00.jpg", "_recordings/cat/s1.json"),
    ],
)
def test_under_every_other_key_nothing_of_ours_is_stored(key: str) -> None:
    assert parse_key(key) is None


def test_the_files_of_a_recording_lie_beside_its_media() -> None:
    stream, session = StreamName("cat"), SessionId("s1")
    assert recording_key(stream, session, "720p/s1.m4s") == object_key(stream, session, RenditionName("720p"), "s1.m4s")
    assert sheet_file(3) == "thumbnails-3.jpg"
    assert variant_uri(None, RenditionName("720p")) == "720p/index.m3u8"


def test_entries_are_told_from_the_media_of_a_stream_of_their_name() -> None:
    stream, session = StreamName("_recordings"), SessionId("s1.json")
    assert parse_entry_key(entry_key(stream, session)) == (stream, session)
    for key in (object_key(stream, session, RenditionName("720p"), "s1.m4s"), journal_key(stream, session, 0)):
        assert parse_entry_key(key) is None
    assert parse_entry_key(recording_key(stream, SessionId("s1"), "index.m3u8")) is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        *(((name), (None, name)) for name in ("index.m3u8", "recording.mp4", "poster.jpg", "thumbnails.vtt")),
        ("thumbnails-12.jpg", (None, "thumbnails-12.jpg")),
        ("720p/index.m3u8", ("720p", "index.m3u8")),
        ("audio/init-0.mp4", ("audio", "init-0.mp4")),
        ("720p/s10.m4s", ("720p", "s10.m4s")),
    ],
)
def test_a_path_below_a_recording_names_a_file(path: str, expected: tuple[str | None, str]) -> None:
    assert parse_recording_path(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        *("", "s1.m4s", "720p/p1.m4s", "720p/poster.jpg", "a/b/s1.m4s", "../s1/index.m3u8", "720p/"),
        *("journal-000000.jsonl", "thumbnails-01.jpg"),
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(BadRequest, match="refused"):
        parse_recording_path(path)
