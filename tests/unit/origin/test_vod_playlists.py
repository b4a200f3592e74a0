"""The playlists of a recording, word for word, and as two other readers see them."""

from dataclasses import replace
from fractions import Fraction

import m3u8

from origin.model import TrackDescription
from origin.multivariant_rules import judge_multivariant
from origin.recording import Recording
from origin.vod_playlists import vod_iframe_playlist, vod_index, vod_playlist
from support.hls_strict import check
from support.journal_records import init, read, segment
from support.origin_media import AUDIO, HD, SD, SOUND, VIDEO

SMALL: TrackDescription = replace(VIDEO, width=640, height=360, codec="avc1.64001e")


def recording() -> Recording:
    """Two pictures and a sound; the large picture has a gap, a discontinuity, and a second init section."""
    made = read(
        *(init(HD), init(HD, 1), init(SD, track=SMALL), init(SOUND, track=AUDIO)),
        *(segment(HD, 0), segment(HD, 1, 0), replace(segment(HD, 2, number=1, broken=True), iframe_bytes=50_000)),
        *(segment(SD, msn, 150_000) for msn in range(3)),
        *(segment(SOUND, msn, 32_000, timescale=48_000) for msn in range(3)),
    )
    rated = (replace(each, frame_rate=Fraction(30) if each.name != SOUND else Fraction(0)) for each in made.renditions)
    return replace(made, renditions=tuple(rated))


INDEX = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",\
URI="audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2128000,AVERAGE-BANDWIDTH=2128000,CODECS="avc1.640020,mp4a.40.2",RESOLUTION=1280x720,\
FRAME-RATE=30.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
720p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=728000,AVERAGE-BANDWIDTH=728000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,\
FRAME-RATE=30.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
360p/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=200000,CODECS="avc1.640020",RESOLUTION=1280x720,URI="720p/iframes.m3u8"
"""

HIGH = """\
#EXTM3U
#EXT-X-VERSION:8
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-DISCONTINUITY-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z
#EXTINF:2.000000,
s0.m4s
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:02.000Z
#EXT-X-GAP
#EXTINF:2.000000,
s1.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:04.000Z
#EXTINF:2.000000,
s2.m4s
#EXT-X-ENDLIST
"""


def test_the_multivariant_playlist_names_all_renditions_beside_it_with_measured_rates() -> None:
    assert vod_index(recording()) == INDEX
    assert judge_multivariant(INDEX) == []
    assert check(INDEX) == []


def test_a_media_playlist_has_everything_that_is_known_of_each_segment() -> None:
    made = recording()
    assert vod_playlist(made, made.renditions[0]) == HIGH


def test_its_iframe_playlist_has_the_same_numbers_and_times() -> None:
    made = recording()
    pictures = HIGH.replace("TYPE:VOD\n", "TYPE:VOD\n#EXT-X-I-FRAMES-ONLY\n").replace("\ns", "\ni")
    pictures = pictures.replace("08:00:00.000Z\n", "08:00:00.000Z\n#EXT-X-GAP\n")  # this one begins with no IDR
    assert vod_iframe_playlist(made, made.renditions[0]) == pictures
    assert check(pictures) == []


def test_a_list_without_gaps_needs_no_higher_version() -> None:
    made = recording()
    assert "#EXT-X-VERSION:6\n" in vod_playlist(made, made.renditions[1])


def test_every_playlist_satisfies_a_strict_reader_and_is_read_alike_by_another() -> None:
    made = recording()
    for rendition in made.renditions:
        text = vod_playlist(made, rendition)
        assert check(text) == []
        parsed = m3u8.loads(text)
        assert (parsed.playlist_type, parsed.is_endlist, parsed.target_duration) == ("vod", True, 2)
        assert [each.uri for each in parsed.segments] == ["s0.m4s", "s1.m4s", "s2.m4s"]
        assert [each.discontinuity for each in parsed.segments] == [False, False, True]


def test_a_list_of_all_iframes_needs_a_lower_version_than_one_of_segments() -> None:
    made = read(init(HD), replace(segment(HD, 0), iframe_bytes=50_000))
    assert "#EXT-X-VERSION:5\n" in vod_iframe_playlist(made, made.renditions[0])
