from fractions import Fraction

import pytest

from origin.directives import Skip
from origin.listed import read
from origin.media_playlist import MediaPlaylistWriter, media_playlist
from origin.playlist_rules import judge
from origin.rendition import Rendition
from origin.self_check import SessionCheck
from support.hls_merge import merge, without_version
from support.hls_strict import check
from support.origin_media import HD, SD, SOUND, Feeder

WHOLE = """\
#EXTM3U
#EXT-X-VERSION:8
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.000,PART-HOLD-BACK=1.025,HOLD-BACK=6.000
#EXT-X-PART-INF:PART-TARGET=0.34134
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z
#EXT-X-PART:DURATION=0.333333,URI="p0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.333333,URI="p1.m4s"
#EXTINF:0.666667,
s0.m4s
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.666Z
#EXT-X-GAP
#EXTINF:1.000000,
s1.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:06.000Z
#EXT-X-PART:DURATION=0.333333,URI="p2.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p3.m4s"
#EXT-X-RENDITION-REPORT:URI="../360p/index.m3u8",LAST-MSN=1,LAST-PART=2
"""


def interrupted() -> Feeder:
    """One rendition broke off within segment 0 and missed segment 1."""
    feed = Feeder()
    feed.begin(HD, SD)
    feed.parts(HD, 0, 2)
    feed.parts(SD, 0, 9)
    for name in (HD, SD):
        feed.session.detach(name, clean=False)
    feed.begin(HD, init=b"other")
    feed.part(HD, 18)
    return feed


def text_of(feed: Feeder) -> str:
    """The playlist of the HD rendition."""
    others = [each for each in feed.session.playable_renditions() if each.name != HD]
    return media_playlist(feed.session.renditions[HD], others)


def test_every_tag_stands_where_it_belongs() -> None:
    assert text_of(interrupted()) == WHOLE
    assert judge(read(WHOLE)) == []


def test_hls_parser_has_nothing_against_it_in_strict_mode() -> None:
    assert check(WHOLE) == []


def test_the_end_takes_the_hint_away() -> None:
    feed = interrupted()
    feed.session.end()
    text = text_of(feed)
    assert "PRELOAD-HINT" not in text
    assert text.endswith("#EXT-X-ENDLIST\n")
    assert check(text) == []


def test_an_init_section_that_the_next_part_needs_is_hinted_too() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.part(HD, 0)
    feed.init(HD, b"other")
    assert '#EXT-X-PRELOAD-HINT:TYPE=MAP,URI="init-1.mp4"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p1.m4s"\n' in text_of(
        feed
    )


def test_before_the_first_segment_only_the_part_is_hinted() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.part(HD, 0)
    rendition = feed.session.renditions[HD]
    assert rendition.window is not None
    rendition.window.open = None
    assert text_of(feed).endswith('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p1.m4s"\n')


def test_parts_are_listed_in_the_newest_segments_alone() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 0, 40)
    listed = read(text_of(feed))
    assert [len(segment.parts) for segment in listed.all_segments] == [0, 0, 0, 0, 6, 6, 4]
    assert check(text_of(feed)) == []


def test_renditions_without_media_are_not_reported() -> None:
    feed = Feeder()
    feed.begin(HD, SOUND)
    feed.part(HD, 0)
    text = media_playlist(feed.session.renditions[HD], [feed.session.renditions[SOUND], Rendition(SD, 2)])
    assert "RENDITION-REPORT" not in text


def test_a_window_of_gaps_reports_nothing_it_does_not_have() -> None:
    feed = interrupted()
    window = feed.window(SD)
    window.segments.clear()
    window.open = None
    assert "RENDITION-REPORT" not in text_of(feed)


@pytest.mark.parametrize("name", [HD, SOUND])
def test_printed_durations_add_up_over_an_hour(name: str) -> None:
    feed = Feeder(window_s=3600)
    rendition = HD if name == HD else SOUND
    feed.begin(rendition)
    feed.parts(rendition, 0, 1800 * 6)
    listed = read(media_playlist(feed.session.renditions[rendition], []))
    total_s = sum((segment.length_s for segment in listed.all_segments), Fraction(0))
    assert abs(total_s - 3600) < Fraction(1, 60), "within a frame"


def test_a_writer_that_remembers_writes_what_one_that_begins_anew_writes() -> None:
    feed = Feeder()
    feed.begin(HD)
    writer = MediaPlaylistWriter(feed.session.renditions[HD])
    for index in range(100):
        feed.part(HD, index)
        if index == 50:
            feed.init(HD, b"other")
        assert writer.write([]).text(Skip.NOTHING) == media_playlist(feed.session.renditions[HD], [])
    assert len(writer._remembered) < len(feed.window(HD).segments)


@pytest.mark.parametrize("skip", [Skip.SEGMENTS, Skip.DATE_RANGES_TOO])
def test_an_update_merged_into_the_version_before_it_is_the_whole(skip: Skip) -> None:
    feed = Feeder(window_s=18)
    feed.begin(HD)
    before, updates = "", 0
    for index in range(150):
        feed.part(HD, index)
        if index == 40:
            feed.init(HD, b"other")
        whole, update = (media_playlist(feed.session.renditions[HD], [], each) for each in (Skip.NOTHING, skip))
        assert without_version(merge(before, update)) == without_version(whole)
        assert check(update) == [], update
        updates += "EXT-X-SKIP" in update
        before = whole
    assert updates > 90


def test_a_lost_part_makes_its_segment_a_gap() -> None:
    feed = Feeder()
    feed.begin(HD)
    feed.parts(HD, 0, 2)
    feed.part(HD, 4)
    lines = text_of(feed).splitlines()
    at = lines.index('#EXT-X-PART:DURATION=0.333333,URI="p2.m4s",GAP=YES')
    assert lines[at + 1 : at + 3] == [
        '#EXT-X-PART:DURATION=0.333333,URI="p3.m4s",GAP=YES',
        '#EXT-X-PART:DURATION=0.333333,URI="p4.m4s"',
    ]
    assert lines[1] == "#EXT-X-VERSION:6"
    for index in range(5, 40):
        feed.part(HD, index)
        text = text_of(feed)
        assert judge(read(text)) == []
        assert check(text) == []
        assert ("#EXT-X-GAP\n#EXTINF:2.000000,\ns0.m4s\n" in text) is (index >= 6)


def test_a_list_that_begins_with_gaps_obeys_at_every_version() -> None:
    feed = Feeder(window_s=60, leading_gaps=6)
    feed.begin(HD, SOUND)
    check_of_session = SessionCheck()
    writers = {name: MediaPlaylistWriter(feed.session.renditions[name]) for name in (HD, SOUND)}
    for index in range(60):
        for name, writer in writers.items():
            feed.part(name, index)
            version = writer.write([])
            assert check_of_session.whole(name, version) == []
            assert check(version.text(Skip.NOTHING)) == []
