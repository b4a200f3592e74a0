import pytest

from origin.directives import Skip
from origin.listed import read
from origin.media_playlist import MediaPlaylistWriter, media_playlist
from origin.playlist_version import PlaylistVersion
from origin.self_check import Follower, SessionCheck, judge_together, judge_update
from support.origin_media import HD, SD, SOUND, Feeder
from support.playlist_texts import WHOLE, but

NEXT_PART = ('"p63.m4s"\n', '"p63.m4s"\n#EXT-X-PART:DURATION=0.500000,URI="p64.m4s"\n')
NEXT_HINT = ('TYPE=PART,URI="p64.m4s"', 'TYPE=PART,URI="p65.m4s"')
NEXT = but(NEXT_PART, NEXT_HINT)
REPORT = '#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=14,LAST-PART=1\n'
FIRST = WHOLE[WHOLE.index("#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00") : WHOLE.index("s10.m4s\n") + 8]
OPEN = WHOLE[WHOLE.index("#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:07") : WHOLE.index("#EXT-X-PRELOAD")]
SHORTER = but(("MEDIA-SEQUENCE:10", "MEDIA-SEQUENCE:11"), (FIRST, ""))
ENDED = but(('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p64.m4s"\n', "#EXT-X-ENDLIST\n"))


def seen(*texts: str) -> list[str]:
    """What is wrong with the last of some versions, seen one after the other."""
    follower = Follower()
    complaints: list[str] = []
    for text in texts:
        complaints = follower.see(text)
    return complaints


@pytest.mark.parametrize(
    "texts",
    [
        [WHOLE],
        [WHOLE, WHOLE],
        [WHOLE, NEXT],
        [WHOLE, ENDED, ENDED],
        [WHOLE, but((REPORT, ""))],
        [WHOLE, but(("LAST-PART=1", "LAST-PART=2"))],
        [but((OPEN, ""), ('URI="p64', 'URI="p62')), WHOLE],
        [WHOLE, but(("MEDIA-SEQUENCE:10", "MEDIA-SEQUENCE:15"), ("SEQUENCE:3", "SEQUENCE:4"))],
    ],
)
def test_nothing_is_wrong_with_versions_that_follow_each_other(texts: list[str]) -> None:
    assert seen(*texts) == []


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        (WHOLE, but(("TARGETDURATION:2", "TARGETDURATION:1")), "constants changed"),
        (ENDED, but(("#EXT-X-ENDLIST\n", "#EXT-X-ENDLIST\n#EXTINF:1.0,\ns14.m4s\n"), text=ENDED), "behind its end"),
        (WHOLE, but(("MEDIA-SEQUENCE:10", "MEDIA-SEQUENCE:9")), "MEDIA-SEQUENCE falls [6.2.2]"),
        (WHOLE, but(("MEDIA-SEQUENCE:10", "MEDIA-SEQUENCE:16")), "segments 15 to 15 were never listed [6.2.2]"),
        (WHOLE, WHOLE[: WHOLE.index("#EXT-X-MAP")], "the newest segment is gone [6.2.2]"),
        (WHOLE, but((OPEN, "")), "the newest segment is gone [6.2.2]"),
        (WHOLE, SHORTER, "after a removal only 5.0 s remain [6.2.2]"),
        (WHOLE, but(("DISCONTINUITY-SEQUENCE:3", "DISCONTINUITY-SEQUENCE:4")), "of 10 goes from 3 to 4 [6.2.2]"),
        (WHOLE, but(("s11.m4s", "x.m4s")), "segment 11 changed"),
        (WHOLE, but(('"p61.m4s"', '"x.m4s"')), "parts of segment 13 changed"),
        (WHOLE, but((OPEN, OPEN[: OPEN.index("#EXT-X-PART")] + "#EXT-X-PART:X=1\n")), "tags of a segment"),
        (WHOLE, but(('"p64.m4s"', '"x.m4s"'), text=NEXT), "hinted was p64.m4s, came x.m4s"),
        (WHOLE, but(("LAST-MSN=14", "LAST-MSN=13")), "report of ../audio/index.m3u8 falls to (13, 1) [4.4.5.4]"),
    ],
)  # fmt: skip
def test_a_rule_that_is_broken_is_named_with_its_clause(before: str, after: str, complaint: str) -> None:
    complaints = seen(before, after)
    assert any(complaint in each for each in complaints), complaints


def test_a_report_that_says_nothing_is_wrong_but_not_compared() -> None:
    assert seen(WHOLE, but((",LAST-PART=1", ""))) == [
        "report of ../audio/index.m3u8 lacks LAST-MSN or LAST-PART [4.4.5.4]"
    ]


def test_an_open_segment_keeps_its_parts() -> None:
    follower = Follower()
    follower.see(WHOLE)
    listed = read(WHOLE)
    assert listed.open is not None
    listed.open.parts = []
    assert "the open segment 14 lost its parts [6.2.2]" in follower.look_at(listed)


def test_parts_that_leave_the_list_are_no_change() -> None:
    start = WHOLE.index('#EXT-X-PART:DURATION=0.500000,URI="p60')
    assert seen(WHOLE, WHOLE[:start] + WHOLE[WHOLE.index("#EXTINF:1.000000,") :]) == []


def test_a_hint_can_only_be_judged_by_the_version_after_it() -> None:
    missed = but(('"p62.m4s"', '"p72.m4s"'), ('"p63.m4s"', '"p73.m4s"'), (":10\n", ":15\n"), ("08:00:07", "08:00:17"))
    assert not any("hinted" in each for each in seen(WHOLE, missed))
    assert not any("hinted" in each for each in seen(but((OPEN, "")), but((OPEN, ""))))


def test_the_playlists_of_a_session_agree() -> None:
    assert judge_together({"a": read(WHOLE)}) == []
    assert judge_together({"a": read(WHOLE), "b": read(NEXT), "c": read(but((OPEN, "")))}) == []


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (but(("HOLD-BACK=6.000", "HOLD-BACK=7.000")), "b and a promise different things [6.2.4]"),
        (but(("DISCONTINUITY-SEQUENCE:3", "DISCONTINUITY-SEQUENCE:4")), "has other discontinuity sequences in b and a"),
        (but(("08:00:07.000Z", "08:00:09.000Z")), "segment 14 of b is 2.0 s away from that of a [6.2.4]"),
    ],
)
def test_where_playlists_of_a_session_differ_it_is_named(other: str, complaint: str) -> None:
    assert any(complaint in each for each in judge_together({"a": read(WHOLE), "b": read(other)}))


def test_what_cannot_be_compared_is_not() -> None:
    nothing = read(WHOLE[: WHOLE.index("#EXT-X-MAP")])
    assert judge_together({"a": nothing, "b": read(WHOLE)}) == []
    undated = read(but(("#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:02.000Z\n", "")))
    assert judge_together({"a": undated, "b": read(WHOLE)}) == []


def long_session() -> Feeder:
    """Three renditions of a minute."""
    feed = Feeder(window_s=60)
    feed.begin(HD, SD, SOUND)
    for name in (HD, SD, SOUND):
        feed.parts(name, 0, 100)
    return feed


def test_a_session_that_obeys_has_no_complaints_and_old_segments_are_read_once() -> None:
    feed, check = long_session(), SessionCheck()
    writers = {name: MediaPlaylistWriter(feed.session.renditions[name]) for name in (HD, SD, SOUND)}
    for index in range(100, 120):
        for name, writer in writers.items():
            feed.part(name, index)
            version = writer.write([])
            assert check.whole(name, version) == []
            assert check.update(name, version, Skip.SEGMENTS) == []
            assert check.update(name, version, Skip.DATE_RANGES_TOO) == []


def test_a_session_check_compares_what_is_new_with_the_other_playlists() -> None:
    check = SessionCheck()
    check.whole("a", as_version(WHOLE))
    complaints = check.whole("b", as_version(but(("08:00:07.000Z", "08:00:09.000Z"))))
    assert any("segment 14 of b is 2.0 s away from that of a [6.2.4]" in each for each in complaints)


def as_version(text: str) -> PlaylistVersion:
    """A playlist that somebody else wrote, in one piece."""
    head, found, rest = text.removeprefix("#EXTM3U\n#EXT-X-VERSION:6\n").partition("#EXT-X-MAP")
    media, hint, tail = rest.partition("#EXT-X-PRELOAD")
    return PlaylistVersion(6, head, (found + media,), 0, hint + tail)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("#EXT-X-SKIP:SKIPPED-SEGMENTS=9\n", "", "nothing is skipped [6.2.5.1]"),
        ("MEDIA-SEQUENCE:0", "MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE of the update is not that of the whole [4.4.5.2]"),
        ("SKIPPED-SEGMENTS=9", "SKIPPED-SEGMENTS=8", "what is not skipped is not what the whole has [6.2.5.1]"),
        ('TYPE=PART,URI="p100', 'TYPE=PART,URI="p101', "hints or reports of the update are not those of the whole"),
        ("VERSION:9", "VERSION:6", "VERSION is 6, needed is 9 [8]"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_update_is_named(old: str, new: str, complaint: str) -> None:
    rendition = long_session().session.renditions[HD]
    whole, update = (media_playlist(rendition, [], skip) for skip in (Skip.NOTHING, Skip.SEGMENTS))
    complaints = judge_update(read(but((old, new), text=update)), read(whole))
    assert any(complaint in each for each in complaints), complaints


def test_an_update_that_skips_what_is_too_near_is_wrong() -> None:
    writer = MediaPlaylistWriter(long_session().session.renditions[HD])
    version = writer.write([])
    near = PlaylistVersion(version.number, version.head, version.segments, version.skippable + 1, version.tail)
    complaints = judge_update(read(near.text(Skip.SEGMENTS)), read(near.text(Skip.NOTHING)))
    assert "a segment 12.0 s from the end is skipped [6.2.5.1]" in complaints
