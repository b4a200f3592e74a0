"""Whatever a viewer puts into a URL, it is a value or one refusal."""

from hypothesis import given
from hypothesis import strategies as st

from infra.errors import BadRequest
from origin.byte_range import RangeUnsatisfiable, parse_range
from origin.directives import MAX_INTEGER, parse_directives
from origin.errors import DirectiveRefused, UrlMalformed
from origin.names import (
    FileKind,
    iframe_file,
    init_file,
    parse_file,
    parse_recording_path,
    part_file,
    segment_file,
)
from origin.storage.contract import check_key

NAMES = st.sampled_from(["_HLS_msn", "_HLS_part", "_HLS_skip", "x"])
VALUES = st.one_of(st.text(max_size=30), st.integers(-5, 2**65).map(str))


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5))
def test_directives(query: list[tuple[str, str]]) -> None:
    try:
        found = parse_directives(query)
    except DirectiveRefused as refusal:
        assert len(str(refusal)) < 200  # noqa: PT017  # a refusal is one of two good outcomes
        return
    awaited = found.awaited
    assert (awaited is None) == all(name not in {"_HLS_msn", "_HLS_part"} for name, _ in query)
    if awaited is not None:
        assert 0 <= awaited.msn <= MAX_INTEGER
        assert awaited.part is None or 0 <= awaited.part <= MAX_INTEGER


@given(st.one_of(st.text(max_size=40), st.from_regex(r"(init-|s|p|i)[0-9]{1,20}\.(m4s|mp4)")))
def test_file_names(name: str) -> None:
    try:
        file = parse_file(name)
    except UrlMalformed as refusal:
        assert len(str(refusal)) < 200  # noqa: PT017  # a refusal is one of two good outcomes
        return
    written = {FileKind.INIT: init_file, FileKind.SEGMENT: segment_file}
    written |= {FileKind.PART: part_file, FileKind.IFRAME: iframe_file}
    assert name in {"index.m3u8", "iframes.m3u8"} or written[file.kind](file.number) == name


@given(
    st.one_of(st.text(max_size=60), st.from_regex(r"([a-z0-9.]{1,5}/)?(thumbnails-[0-9]{1,7}\.jpg|s[0-9]{1,20}\.m4s)"))
)
def test_paths_below_a_recording(path: str) -> None:
    try:
        rendition, file = parse_recording_path(path)
    except BadRequest as refusal:
        assert len(str(refusal)) < 200  # noqa: PT017  # a refusal is one of two good outcomes
        return
    assert path == (file if rendition is None else f"{rendition}/{file}")
    assert check_key(f"cat/s1/{path}")
    assert not file.endswith(".jsonl")


@given(st.one_of(st.none(), st.text(max_size=30), st.from_regex(r"bytes=\d{0,20}-\d{0,20}")), st.integers(0, 1000))
def test_ranges(header: str | None, length: int) -> None:
    try:
        part = parse_range(header, length)
    except RangeUnsatisfiable:
        return
    assert part is None or 0 <= part.start < part.stop <= length
