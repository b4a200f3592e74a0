import pytest

from origin.multivariant_rules import judge_multivariant

SOUND = '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",DEFAULT=YES,URI="s1/audio/index.m3u8"\n'
VIDEO = (
    '#EXT-X-STREAM-INF:BANDWIDTH=2000,AVERAGE-BANDWIDTH=1000,CODECS="avc1.640020,mp4a.40.2",'
    'RESOLUTION=1280x720,FRAME-RATE=30.000,AUDIO="audio"\ns1/720p/index.m3u8\n'
)
PICTURES = (
    '#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=200,CODECS="avc1.640020",RESOLUTION=1280x720,URI="s1/720p/iframes.m3u8"\n'
)
ONLY_SOUND = '#EXT-X-STREAM-INF:BANDWIDTH=2000,AVERAGE-BANDWIDTH=1000,CODECS="mp4a.40.2"\ns1/audio/index.m3u8\n'
HEAD = "#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n"


@pytest.mark.parametrize("text", [HEAD + SOUND + VIDEO + PICTURES, HEAD + ONLY_SOUND])
def test_nothing_is_wrong_with_a_playlist_that_obeys(text: str) -> None:
    assert judge_multivariant(text) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (SOUND + VIDEO, "EXTM3U or INDEPENDENT-SEGMENTS is missing [4.4.1.1, 4.4.2.1]"),
        ("#EXTM3U\n" + SOUND + VIDEO, "EXTM3U or INDEPENDENT-SEGMENTS is missing [4.4.1.1, 4.4.2.1]"),
        (HEAD + SOUND, "no variant [4.4.6.2]"),
        (HEAD + SOUND + VIDEO.replace("s1/720p/index.m3u8\n", ""), "STREAM-INF without URI [4.4.6.2]"),
        (HEAD + SOUND + VIDEO.replace("s1/720p", "#s1/720p"), "STREAM-INF without URI [4.4.6.2]"),
        (HEAD + SOUND + VIDEO.replace("RESOLUTION=1280x720,", ""), "variant lacks ['RESOLUTION'] [4.4.6.2]"),
        (HEAD + SOUND + VIDEO.replace("BANDWIDTH=1000", "BANDWIDTH=2001"), "average above peak [4.4.6.2]"),
        (HEAD + VIDEO, "group audio is not there [4.4.6.2]"),
        (HEAD + SOUND + VIDEO.replace(",mp4a.40.2", ""), "CODECS leaves the sound out [6.2.4]"),
        (HEAD + SOUND + SOUND + VIDEO, "two members of one name [4.4.6.1.1]"),
        (HEAD + SOUND + SOUND.replace('NAME="audio"', 'NAME="b"') + VIDEO, "two defaults [4.4.6.1.1]"),
        (HEAD + VIDEO + SOUND + PICTURES.replace("BANDWIDTH=200,", ""), "single pictures lack ['BANDWIDTH'] [4.4.6.3]"),
        (
            HEAD + VIDEO + SOUND + PICTURES.replace("URI=", "FRAME-RATE=30.000,URI="),
            "single pictures have attributes of moving ones [4.4.6.3]",
        ),
    ],
)
def test_a_rule_that_is_broken_is_named_with_its_clause(text: str, complaint: str) -> None:
    assert complaint in judge_multivariant(text)
