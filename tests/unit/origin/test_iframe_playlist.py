import dataclasses

from origin.directives import Skip
from origin.iframe_playlist import IframePlaylistWriter
from origin.iframes import Picture
from origin.listed import read
from origin.playlist_rules import judge
from support.hls_strict import check
from support.origin_media import HD, PARTS_PER_SEGMENT, SD, Feeder

WHOLE = """\
#EXTM3U
#EXT-X-VERSION:8
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.000,PART-HOLD-BACK=1.025,HOLD-BACK=6.000
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z
#EXTINF:2.000000,
i0.m4s
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:02.000Z
#EXT-X-GAP
#EXTINF:2.000000,
i1.m4s
#EXT-X-RENDITION-REPORT:URI="../720p/index.m3u8",LAST-MSN=2,LAST-PART=0
#EXT-X-RENDITION-REPORT:URI="../360p/index.m3u8",LAST-MSN=0,LAST-PART=0
"""


def part(feed: Feeder, index: int, *, picture: bool = True) -> None:
    """A part of the HD rendition; the first of a segment begins with a picture."""
    first = index % PARTS_PER_SEGMENT == 0
    if first:
        feed.boundary(HD)
    made = feed.video_or_audio(HD, index)
    feed.raw(HD, dataclasses.replace(made, picture=Picture(b"idr", 1, 0) if first and picture else None))


def test_it_lists_the_picture_of_each_whole_segment() -> None:
    feed = Feeder()
    feed.begin(HD, SD)
    for index in range(13):
        part(feed, index, picture=index != 6)
    feed.part(SD, 0)
    renditions = feed.session.playable_renditions()
    text = IframePlaylistWriter(feed.session.renditions[HD]).write(renditions).text(Skip.NOTHING)
    assert text == WHOLE
    assert judge(read(text)) == []
    assert check(text) == []


def test_with_every_picture_there_it_needs_version_5_and_ends_as_the_media_does() -> None:
    feed = Feeder()
    feed.begin(HD)
    for index in range(7):
        part(feed, index)
    feed.session.end()
    text = IframePlaylistWriter(feed.session.renditions[HD]).write([]).text(Skip.NOTHING)
    assert "#EXT-X-VERSION:5\n" in text
    assert text.endswith("i1.m4s\n#EXT-X-ENDLIST\n")
    assert judge(read(text)) == []
    assert check(text) == []


def test_a_writer_that_remembers_writes_what_one_that_begins_anew_writes() -> None:
    feed = Feeder(window_s=18)
    feed.begin(HD)
    rendition, updates = feed.session.renditions[HD], 0
    writer = IframePlaylistWriter(rendition)
    for index in range(100):
        part(feed, index)
        version = writer.write([])
        for skip in (Skip.NOTHING, Skip.SEGMENTS):
            assert version.text(skip) == IframePlaylistWriter(rendition).write([]).text(skip)
            assert check(version.text(skip)) == []
        updates += version.skippable > 0
    assert updates > 40
