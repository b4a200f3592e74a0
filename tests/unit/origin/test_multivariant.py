from dataclasses import replace

from infra.ids import RenditionName, SessionId
from origin.iframes import Picture
from origin.model import Kind, TrackDescription
from origin.multivariant import multivariant_playlist
from origin.multivariant_rules import judge_multivariant
from origin.rendition import Rendition
from support.hls_strict import check
from support.origin_media import AUDIO, chunk

SESSION = SessionId("s1")


def video(height: int, peak_bps: int) -> Rendition:
    """A video rendition of 30 frames a second."""
    rendition = Rendition(RenditionName(f"{height}p"), 2)
    track = TrackDescription(
        Kind.VIDEO,
        "avc1.640020",
        90_000,
        width=height * 16 // 9,
        height=height,
        peak_bps=peak_bps,
        average_bps=peak_bps - 100_000,
    )
    rendition.take_init(b"", track)
    rendition.measure(replace(chunk(0), picture=Picture(b"-" * 5000, 1, 0)), 90_000)
    return rendition


def sound(name: str = "audio", track: TrackDescription = AUDIO) -> Rendition:
    """An audio rendition."""
    rendition = Rendition(RenditionName(name), 2)
    rendition.take_init(b"", track)
    return rendition


LADDER = """\
#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",LANGUAGE="und",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",\
URI="s1/audio/index.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1628000,AVERAGE-BANDWIDTH=1528000,CODECS="avc1.640020,mp4a.40.2",RESOLUTION=853x480,\
FRAME-RATE=30.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
s1/480p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=3128000,AVERAGE-BANDWIDTH=3028000,CODECS="avc1.640020,mp4a.40.2",RESOLUTION=1280x720,\
FRAME-RATE=30.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
s1/720p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=928000,AVERAGE-BANDWIDTH=828000,CODECS="avc1.640020,mp4a.40.2",RESOLUTION=640x360,\
FRAME-RATE=30.000,AUDIO="audio",CLOSED-CAPTIONS=NONE
s1/360p/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=20000,CODECS="avc1.640020",RESOLUTION=853x480,URI="s1/480p/iframes.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=20000,CODECS="avc1.640020",RESOLUTION=1280x720,URI="s1/720p/iframes.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=20000,CODECS="avc1.640020",RESOLUTION=640x360,URI="s1/360p/iframes.m3u8"
"""


def test_a_ladder_begins_with_the_variant_nearest_to_two_megabits() -> None:
    text = multivariant_playlist(SESSION, [video(360, 800_000), sound(), video(720, 3_000_000), video(480, 1_500_000)])
    assert text == LADDER
    assert judge_multivariant(text) == []
    assert check(text) == []


def test_video_alone_has_no_group() -> None:
    text = multivariant_playlist(SESSION, [video(720, 3_000_000)])
    assert "AUDIO" not in text
    assert 'CODECS="avc1.640020"' in text
    assert judge_multivariant(text) == []
    assert check(text) == []


def test_sound_alone_is_a_variant() -> None:
    text = multivariant_playlist(SESSION, [sound()])
    assert text.splitlines()[3:] == [
        '#EXT-X-STREAM-INF:BANDWIDTH=128000,AVERAGE-BANDWIDTH=128000,CODECS="mp4a.40.2"',
        "s1/audio/index.m3u8",
    ]
    assert judge_multivariant(text) == []
    assert check(text) == []


def test_every_codec_of_the_group_is_named_and_the_most_costly_sound_counted() -> None:
    better = TrackDescription(Kind.AUDIO, "mp4a.40.5", 48_000, channels=6, peak_bps=300_000, average_bps=250_000)
    text = multivariant_playlist(SESSION, [video(720, 2_000_000), sound("b", better), sound("a")])
    assert 'CODECS="avc1.640020,mp4a.40.2,mp4a.40.5"' in text
    assert "BANDWIDTH=2300000,AVERAGE-BANDWIDTH=2150000" in text
    assert text.count("DEFAULT=YES") == 1
    assert text.index('NAME="a"') < text.index('NAME="b"')
    assert judge_multivariant(text) == []


def test_a_rendition_whose_rate_is_unknown_still_has_one() -> None:
    unknown = Rendition(RenditionName("720p"), 2)
    unknown.take_init(b"", TrackDescription(Kind.VIDEO, "avc1.640020", 90_000, width=1280, height=720))
    assert "BANDWIDTH=1,AVERAGE-BANDWIDTH=1," in multivariant_playlist(SESSION, [unknown])


def test_a_rendition_without_iframes_has_no_playlist_of_them() -> None:
    unknown = Rendition(RenditionName("720p"), 2)
    unknown.take_init(b"", TrackDescription(Kind.VIDEO, "avc1.640020", 90_000, width=1280, height=720))
    assert "iframes" not in multivariant_playlist(SESSION, [unknown])


def test_a_recording_names_playlists_beside_its_own() -> None:
    text = multivariant_playlist(None, [video(720, 3_000_000)])
    assert text.splitlines()[4] == "720p/index.m3u8"
    assert 'URI="720p/iframes.m3u8"' in text


def test_nothing_to_play_is_a_playlist_without_variants() -> None:
    assert multivariant_playlist(SESSION, [Rendition(RenditionName("720p"), 2)]).count("\n") == 3
