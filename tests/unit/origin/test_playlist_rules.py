import pytest

from origin.listed import read
from origin.playlist_rules import judge
from support.playlist_texts import WHOLE, but

HINT = '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p64.m4s"\n'
REPORT = '#EXT-X-RENDITION-REPORT:URI="../audio/index.m3u8",LAST-MSN=14,LAST-PART=1\n'
PARTS_13 = WHOLE[WHOLE.index('#EXT-X-PART:DURATION=0.500000,URI="p60') : WHOLE.index("#EXTINF:1.000000,")]
OPEN_PARTS = WHOLE[WHOLE.index('#EXT-X-PART:DURATION=0.500000,URI="p62') : WHOLE.index("#EXT-X-PRELOAD")]
PICTURES = """\
#EXTM3U
#EXT-X-VERSION:5
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=12.000,PART-HOLD-BACK=1.500,HOLD-BACK=6.000
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-I-FRAMES-ONLY
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:00.000Z
#EXTINF:2.000000,
i10.m4s
"""


@pytest.mark.parametrize(
    "text",
    [
        WHOLE,
        PICTURES,
        but((HINT, "#EXT-X-ENDLIST\n")),
        but(("VERSION:6", "VERSION:8"), ("s11.m4s", "#EXT-X-GAP\ns11.m4s")),
        but(("VERSION:6", "VERSION:9"), ('#EXT-X-MAP:URI="init-0.mp4"\n', "#EXT-X-SKIP:SKIPPED-SEGMENTS=5\n")),
        but((REPORT, "")),
    ],
)
def test_nothing_is_wrong_with_a_playlist_that_obeys(text: str) -> None:
    assert judge(read(text)) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("s11.m4s", " s11.m4s", "stray blanks"),
        ("TARGETDURATION:2", "TARGETDURATION:0", "no integer of at least 1 [4.4.3.1]"),
        ("TARGETDURATION:2", "TARGETDURATION:2.5", "no integer of at least 1 [4.4.3.1]"),
        ("#EXT-X-DISCONTINUITY-SEQUENCE:3\n", "", "EXT-X-DISCONTINUITY-SEQUENCE is missing [6.2.2]"),
        ("VERSION:6", "VERSION:7", "VERSION is 7, needed is 6 [8]"),
        ("s11.m4s", "#EXT-X-GAP\ns11.m4s", "VERSION is 6, needed is 8 [8]"),
        ("#EXT-X-VERSION:6\n", "#EXT-X-VERSION:6\n#EXT-X-PLAYLIST-TYPE:EVENT\n", "no PLAYLIST-TYPE [6.2.1]"),
        ("CAN-BLOCK-RELOAD=YES,", "", "CAN-BLOCK-RELOAD is not advertised [B.1]"),
        ("HOLD-BACK=6.000", "HOLD-BACK=5.900", "HOLD-BACK is below three target durations [4.4.3.8]"),
        ("CAN-SKIP-UNTIL=12.000", "CAN-SKIP-UNTIL=11.9", "CAN-SKIP-UNTIL is below six target durations [4.4.3.8]"),
        ("#EXT-X-PART-INF:PART-TARGET=0.50000\n", "", "EXT-X-PART-INF is missing [4.4.3.7]"),
        ("PART-HOLD-BACK=1.500", "PART-HOLD-BACK=1.400", "PART-HOLD-BACK is below three part targets [4.4.3.8]"),
        ("#EXTINF:1.000000,", "#EXTINF:2.600000,", "is above the target duration [4.4.3.1]"),
        ('#EXT-X-MAP:URI="init-0.mp4"\n', "", "segment 10 has no EXT-X-MAP [3.1.2]"),
        ("#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:02.000Z\n", "", "segment 11 has no date [B.1]"),
        ("08:00:02.000Z", "08:00:03.100Z", "segment 11 is dated 1.100 s off the end of the one before [6.2.1]"),
        ("#EXT-X-DISCONTINUITY\n", "", "segment 13 has another EXT-X-MAP but no discontinuity [4.4.4.3]"),
        ("#EXTINF:1.000000,", "#EXTINF:1.000005,", "segment 13 lasts 1.000005 s, its parts 1.0 s [3.2]"),
        ('"p61.m4s"', '"p61.m4s",GAP=YES', "segment 13 has lost a part but no EXT-X-GAP [4.4.4.7]"),
        ('"p60.m4s",INDEPENDENT=YES', '"p60.m4s"', "segment 13 has no independent part [B.1]"),
        ('0.500000,URI="p61', '0.500001,URI="p61', "part p61.m4s of 0.500001 s is above the part target [4.4.4.9]"),
        (HINT, HINT + HINT, "two hints of one type [4.4.5.3]"),
        (HINT, HINT + "#EXT-X-ENDLIST\n", "a hint, but nothing follows [4.4.5.3]"),
        (HINT, "", "no hint of the next part [B.1]"),
        ('URI="../audio', 'URI="http://a/audio', "is not relative [4.4.5.4]"),
        ('URI="../audio/index.m3u8",', "", "report of None is not relative [4.4.5.4]"),
        (",LAST-PART=1", "", "lacks LAST-MSN or LAST-PART [4.4.5.4]"),
        (REPORT, REPORT + REPORT, "two reports of one rendition [4.4.5.4]"),
    ],
)
def test_a_rule_that_is_broken_is_named_with_its_clause(old: str, new: str, complaint: str) -> None:
    complaints = judge(read(but((old, new))))
    assert any(complaint in each for each in complaints), complaints


def test_a_short_part_is_the_last_one_or_independent_or_before_a_lost_one() -> None:
    short = ('0.500000,URI="p62.m4s",INDEPENDENT=YES', '0.400000,URI="p62.m4s"')
    assert any("below 85 % of the part target [4.4.4.9]" in each for each in judge(read(but(short))))
    assert judge(read(but((short[0], '0.400000,URI="p62.m4s",INDEPENDENT=YES')))) == []
    assert judge(read(but(short, ('"p63.m4s"', '"p63.m4s",GAP=YES')))) == []
    assert judge(read(but(('0.500000,URI="p63.m4s"', '0.100000,URI="p63.m4s"')))) == []
    assert judge(read(but(('0.500000,URI="p63.m4s"', '0.100000,URI="p63.m4s",GAP=YES')))) == []


def test_parts_that_should_be_gone_are_named() -> None:
    part = '#EXT-X-PART:DURATION=0.500000,URI="p40.m4s",INDEPENDENT=YES\n'
    old = but(("#EXTINF:2.000000,\ns10.m4s", f"{part}#EXTINF:0.500000,\ns10.m4s"))
    complaints = judge(read(old))
    assert any("parts of segment 10 are 6.0 s from the end [6.2.2]" in each for each in complaints) is False
    late = but(
        ("s12.m4s\n", "s12.m4s\n#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:06.000Z\n#EXTINF:1.0,\nx.m4s\n"), text=old
    )
    assert any("parts of segment 10 are 7.0 s from the end [6.2.2]" in each for each in judge(read(late)))


def test_single_pictures_have_no_parts() -> None:
    part = '#EXT-X-PART:DURATION=2.000000,URI="p1.m4s",INDEPENDENT=YES\n'
    text = PICTURES.replace("#EXTINF", part + "#EXTINF")
    assert "segment 10 of single pictures has parts [4.4.4.9]" in judge(read(text))


def test_an_update_states_the_version_it_needs_and_is_none_after_the_end() -> None:
    text = but(('#EXT-X-MAP:URI="init-0.mp4"\n', '#EXT-X-SKIP:SKIPPED-SEGMENTS=5,RECENTLY-REMOVED-DATERANGES=""\n'))
    assert judge(read(text)) == ["VERSION is 6, needed is 10 [8]"]
    ended = but((HINT, "#EXT-X-ENDLIST\n"), ("VERSION:6", "VERSION:10"), text=text)
    assert judge(read(ended)) == ["segments are skipped, but nothing follows [6.2.5.1]"]


def test_what_was_proven_is_not_judged_again() -> None:
    broken = but(("08:00:02.000Z", "08:00:03.100Z"), ('0.500000,URI="p61', '0.600000,URI="p61'))
    assert judge(read(broken), {11, 12, 13}) == []
    assert len(judge(read(broken))) == 4


def test_a_list_without_any_segment_can_be_judged() -> None:
    assert judge(read(PICTURES[: PICTURES.index("#EXT-X-MAP")])) == []
    no_parts = but((OPEN_PARTS, ""), (PARTS_13, ""), ("#EXT-X-PROGRAM-DATE-TIME:2027-01-15T08:00:07.000Z\n", ""))
    assert judge(read(no_parts)) == []
