"""Pure: URLs and object keys of media, written and read in one place so that they stay each other's mirror."""

import enum
import re
from dataclasses import dataclass

from infra.errors import BadRequest
from infra.ids import (
    RenditionName,
    SessionId,
    StreamName,
    parse_rendition_name,
    parse_session_id,
    parse_stream_name,
)
from origin.errors import UrlMalformed, shown

PLAYLIST = "index.m3u8"
IFRAME_PLAYLIST = "iframes.m3u8"
MARKS_PREFIX = "_unfinished/"
MP4 = "recording.mp4"
POSTER = "poster.jpg"
THUMBNAILS = "thumbnails.vtt"
ENTRIES_PREFIX = "_recordings/"
SESSION_FILES = frozenset({PLAYLIST, MP4, POSTER, THUMBNAILS})  # stored for a session as a whole, beside its renditions
_RENDITION_DEPTH, _SESSION_DEPTH = 4, 3  # names in an object key
_FILE = re.compile(r"(?:(init-)(0|[1-9][0-9]{0,17})\.mp4|([ips])(0|[1-9][0-9]{0,17})\.m4s)")
_JOURNAL = re.compile(r"journal-[0-9]{6,}\.jsonl")
_MARK = re.compile(rf"{MARKS_PREFIX}([^/]+)/([^/]+)\.mark")
_SHEET = re.compile(r"thumbnails-(0|[1-9][0-9]{0,5})\.jpg")
_ENTRY = re.compile(rf"{ENTRIES_PREFIX}([^/]+)/([^/]+)\.json")


class FileKind(enum.Enum):
    """What a file of a rendition holds."""

    PLAYLIST = enum.auto()
    IFRAME_PLAYLIST = enum.auto()
    INIT = enum.auto()
    SEGMENT = enum.auto()
    PART = enum.auto()
    IFRAME = enum.auto()


_BY_LETTER = {"s": FileKind.SEGMENT, "p": FileKind.PART, "i": FileKind.IFRAME}
_RECORDED = set(FileKind) - {FileKind.PART}


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A file of a rendition; ``number`` is that of the init section, segment (msn) or part, 0 for playlists.

    An I-frame has the number of its segment.
    """

    kind: FileKind
    number: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What an object key means; ``rendition`` and ``kind`` are None for a file of the session as a whole."""

    stream: StreamName
    session: SessionId
    rendition: RenditionName | None
    kind: FileKind | None


def init_file(number: int) -> str:
    """File name of an init section."""
    return f"init-{number}.mp4"


def segment_file(msn: int) -> str:
    """File name of a segment."""
    return f"s{msn}.m4s"


def part_file(number: int) -> str:
    """File name of a part."""
    return f"p{number}.m4s"


def iframe_file(msn: int) -> str:
    """File name of a segment's I-frame."""
    return f"i{msn}.m4s"


def parse_file(name: str) -> MediaFile:
    """What a file name in a URL means.

    Raises:
        UrlMalformed: it is none this server makes.
    """
    if name in {PLAYLIST, IFRAME_PLAYLIST}:
        return MediaFile(FileKind.PLAYLIST if name == PLAYLIST else FileKind.IFRAME_PLAYLIST, 0)
    found = _FILE.fullmatch(name)
    if found is None:
        allowed = f"{PLAYLIST}, {IFRAME_PLAYLIST}, init-N.mp4, sN.m4s, pN.m4s and iN.m4s"
        raise UrlMalformed(f"file {shown(name)} refused: allowed are {allowed}")
    init, init_number, letter, number = found.groups()
    if init:
        return MediaFile(FileKind.INIT, int(init_number))
    return MediaFile(_BY_LETTER[letter], int(number))


def variant_uri(session: SessionId | None, rendition: RenditionName, playlist: str = PLAYLIST) -> str:
    """A playlist of a rendition as the multivariant playlist names it, relative to ``/live/{stream}/index.m3u8``.

    That of a recording lies in the session's folder: no session is named.
    """
    return f"{rendition}/{playlist}" if session is None else f"{session}/{rendition}/{playlist}"


def sibling_uri(rendition: RenditionName) -> str:
    """Another rendition's media playlist, relative to a media playlist."""
    return f"../{rendition}/{PLAYLIST}"


def object_key(stream: StreamName, session: SessionId, rendition: RenditionName, file: str) -> str:
    """Where a file is stored; the part of its URL after ``/live/``."""
    return f"{stream}/{session}/{rendition}/{file}"


def session_prefix(stream: StreamName, session: SessionId) -> str:
    """What the keys of everything stored for a session begin with."""
    return f"{stream}/{session}/"


def journal_key(stream: StreamName, session: SessionId, page: int) -> str:
    """Where a page of a session's journal is stored; keys sort as the pages are numbered, from 0."""
    return f"{journal_prefix(stream, session)}{page:06d}.jsonl"


def journal_prefix(stream: StreamName, session: SessionId) -> str:
    """What the keys of a session's journal begin with; renditions are folders, so none is in the way."""
    return f"{session_prefix(stream, session)}journal-"


def mark_key(stream: StreamName, session: SessionId) -> str:
    """The mark of a session whose journal has no end yet, so that a start need not list all that was ever stored."""
    return f"{MARKS_PREFIX}{stream}/{session}.mark"


def parse_mark(key: str) -> tuple[StreamName, SessionId] | None:
    """The session that a mark is of; None if the key is none."""
    found = _MARK.fullmatch(key)
    return (StreamName(found[1]), SessionId(found[2])) if found else None


def parse_key(key: str) -> StoredFile | None:
    """What an object key means; None: this server stores nothing under it."""
    names = key.split("/")
    try:
        if len(names) == _RENDITION_DEPTH:
            kind = parse_file(names[3]).kind
            owner = parse_stream_name(names[0]), parse_session_id(names[1])
            return None if kind is FileKind.PART else StoredFile(*owner, parse_rendition_name(names[2]), kind)
        if len(names) == _SESSION_DEPTH and _is_session_file(names[2]):
            return StoredFile(parse_stream_name(names[0]), parse_session_id(names[1]), None, None)
    except BadRequest:
        return None
    return None


def _is_session_file(name: str) -> bool:
    return name in SESSION_FILES or any(pattern.fullmatch(name) for pattern in (_SHEET, _JOURNAL))


def sheet_file(number: int) -> str:
    """File name of a sheet of thumbnails."""
    return f"thumbnails-{number}.jpg"


def recording_key(stream: StreamName, session: SessionId, path: str) -> str:
    """Where a file of a recording is stored; the part of its URL after ``/vod/``."""
    return f"{session_prefix(stream, session)}{path}"


def entry_key(stream: StreamName, session: SessionId) -> str:
    """Where a finished recording's entry is stored; whatever has one can be played."""
    return f"{ENTRIES_PREFIX}{stream}/{session}.json"


def parse_entry_key(key: str) -> tuple[StreamName, SessionId] | None:
    """Whose entry a key is; None for other objects, such as the media of a stream of the entries' name."""
    found = _ENTRY.fullmatch(key)
    return (StreamName(found[1]), SessionId(found[2])) if found else None


def parse_recording_path(path: str) -> tuple[RenditionName | None, str]:
    """The path of a file below a recording's URL, as (rendition or None, file name).

    Raises:
        BadRequest: it is none that a recording has; its journal, which lies there too, is not given out.
    """
    folder, _, file = path.rpartition("/")
    if folder:
        if parse_file(file).kind not in _RECORDED:
            raise UrlMalformed(f"file {shown(file)} refused: parts are not kept")
        return parse_rendition_name(folder), file
    if file in SESSION_FILES or _SHEET.fullmatch(file):
        return None, file
    raise UrlMalformed(
        f"file {shown(file)} refused: allowed are {PLAYLIST}, {MP4}, {POSTER}, {THUMBNAILS} and thumbnails-N.jpg"
    )
