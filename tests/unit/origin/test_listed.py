import datetime as dt
from fractions import Fraction

import pytest

from origin.listed import Listed, ListedReader, attributes, read
from support.playlist_texts import WHOLE, but


def test_a_playlist_is_read_as_a_player_would() -> None:
    listed = read(WHOLE)
    assert listed.complaints == []
    assert (listed.target_s, listed.part_target_s, listed.media_sequence) == (Fraction(2), Fraction(1, 2), 10)
    assert (listed.ended, listed.iframes_only, listed.skip) == (False, False, {})
    assert [each.msn for each in listed.all_segments] == [10, 11, 12, 13, 14]
    assert [each.map_uri for each in listed.all_segments] == ["init-0.mp4"] * 3 + ["init-1.mp4"] * 2
    assert [each.discontinuity_sequence for each in listed.all_segments] == [3, 3, 3, 4, 4]
    assert [each.length_s for each in listed.all_segments] == [2, 2, 2, 1, 1]
    assert listed.segments[0].date == dt.datetime(2027, 1, 15, 8, tzinfo=dt.UTC)
    assert listed.open is not None
    assert [part.independent for part in listed.open.parts] == [True, False]
    assert listed.last_part == (14, 1)
    assert listed.hints == [{"TYPE": "PART", "URI": "p64.m4s"}]
    assert listed.reports == [{"URI": "../audio/index.m3u8", "LAST-MSN": "14", "LAST-PART": "1"}]
    assert listed.server_control["HOLD-BACK"] == "6.000"


def test_a_playlist_that_says_nothing_promises_nothing() -> None:
    listed = Listed()
    assert (listed.target_s, listed.part_target_s) == (Fraction(0), Fraction(0))
    assert (listed.media_sequence, listed.last_part) == (0, None)
    assert listed.all_segments == []


def test_a_segment_that_was_lost_and_one_that_lost_a_part_are_gaps() -> None:
    text = but(("s11.m4s", "#EXT-X-GAP\ns11.m4s"), ('URI="p61.m4s"', 'URI="p61.m4s",GAP=YES'))
    listed = read(text)
    assert [each.gap for each in listed.segments] == [False, True, False, False]
    assert [part.gap for part in listed.segments[3].parts] == [False, True]


def test_what_is_skipped_is_counted() -> None:
    listed = read(but(('#EXT-X-MAP:URI="init-0.mp4"\n', "#EXT-X-SKIP:SKIPPED-SEGMENTS=5\n")))
    assert listed.skip == {"SKIPPED-SEGMENTS": "5"}
    assert [each.msn for each in listed.segments] == [15, 16, 17, 18]


def test_whole_segments_alone_are_a_playlist_too() -> None:
    head, _, media = WHOLE.partition("#EXT-X-MAP")
    listed = read(f"{head}#EXT-X-MAP{media[: media.index('#EXT-X-DISC')]}")
    assert (listed.complaints, listed.open, listed.last_part) == ([], None, None)
    first, again = listed.segments[0], read(WHOLE).segments[0]
    assert first.identity == again.identity != listed.segments[1].identity


def test_comments_and_empty_lines_mean_nothing() -> None:
    assert read(but(("s11.m4s\n", "s11.m4s\n\n# a comment\n"))) == read(WHOLE)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("#EXTM3U\n", "#EXT\n", "the first line is not #EXTM3U [4.4.1.1]"),
        ("LAST-PART=1\n", "LAST-PART=1", "the last line does not end [4.1]"),
        ("s11.m4s", " s11.m4s", "stray blanks or controls"),
        ("s11.m4s\n", "s11.m4s\r\n", "stray blanks or controls"),
        ("#EXTINF:1.000000,\n", "", "s13.m4s has no EXTINF [4.4.4.1]"),
        ("#EXTINF:1.000000,", "#EXTINF:x,", "line '#EXTINF:x,': ValueError"),
        ("PART-TARGET=0.50000", "PART-TARGET=0.50000,PART-TARGET=1", "not an attribute list"),
        ("PART-TARGET=0.50000", "PART-TARGET=0.50000,", "not an attribute list"),
        ("PART-TARGET=0.50000", "PART-TARGET", "not an attribute list"),
        ('URI="init-1.mp4"', 'URI=""', "not an attribute list"),
        ('URI="init-1.mp4"', 'URL="x"', "KeyError('URI')"),
        ("#EXT-X-VERSION:6\n", "#EXT-X-VERSION:6\n#EXT-X-VERSION:6\n", "EXT-X-VERSION is there twice [4.4.3]"),
        ("s10.m4s\n", "s10.m4s\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n", "EXT-X-SKIP stands behind a segment [4.4.3.2]"),
        ("s10.m4s\n", "s10.m4s\n#EXT-X-MEDIA-SEQUENCE:1\n", "EXT-X-MEDIA-SEQUENCE is there twice [4.4.3]"),
        ('#EXT-X-MAP:URI="init-0.mp4"\n', "#EXT-X-GAP\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n", "EXT-X-SKIP stands behind"),
        ("#EXTINF:1.000000,", "#EXT-X-DISCONTINUITY\n#EXTINF:1.000000,", "EXT-X-DISCONTINUITY behind a part"),
        ("08:00:02.000Z", "08:00:02Z", "without zone or milliseconds [4.4.4.6]"),
        ("s10.m4s\n", "s10.m4s\n#EXT-X-INDEPENDENT-SEGMENTS\n", "belongs into the multivariant [4.4.2]"),
        ("s10.m4s\n", "s10.m4s\n#EXT-X-NEW:1\n", "EXT-X-NEW is no tag of a live media playlist"),
        ("#EXT-X-PRELOAD", "#EXTINF:1,\ns14.m4s\n#EXT-X-GAP\n#EXT-X-PRELOAD", "tags of a segment that is not there"),
    ],
)  # fmt: skip
def test_what_is_no_playlist_is_complained_about(old: str, new: str, complaint: str) -> None:
    assert any(complaint in each for each in read(but((old, new))).complaints)


def test_only_one_quoted_string_may_be_empty() -> None:
    assert attributes('SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES=""') == {
        "SKIPPED-SEGMENTS": "3",
        "RECENTLY-REMOVED-DATERANGES": "",
    }


def pieces(text: str) -> tuple[str, list[str], str]:
    """A playlist in the pieces that a reader takes."""
    head, media = text.removeprefix("#EXTM3U\n").split("#EXT-X-MAP", 1)
    media, hint = media.split("#EXT-X-PRELOAD")
    segments = (
        ("#EXT-X-MAP" + media)
        .replace(".m4s\n#EXT-X-P", ".m4s\n\x00#EXT-X-P")
        .replace(".m4s\n#EXT-X-D", ".m4s\n\x00#EXT-X-D")
    )
    return head, segments.split("\x00"), "#EXT-X-PRELOAD" + hint


def test_a_reader_reads_what_is_new_and_keeps_what_is_not() -> None:
    reader = ListedReader()
    first = reader.read(*pieces(WHOLE))
    assert first == read(WHOLE)
    second = reader.read(*pieces(WHOLE))
    assert second == first
    assert all(one is other for one, other in zip(first.segments, second.segments, strict=True))
    assert second.open is not first.open


def test_a_segment_under_another_init_section_is_read_again() -> None:
    reader = ListedReader()
    first = reader.read(*pieces(WHOLE))
    second = reader.read(*pieces(but(("init-0", "init-9"))))
    assert [one is other for one, other in zip(first.segments, second.segments, strict=True)] == [False] * 4
    assert second == read(but(("init-0", "init-9")))
