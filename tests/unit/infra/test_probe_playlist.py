"""What the probe reads out of playlists, and which broken rules it finds."""

from collections.abc import Sequence

import pytest

from infra.probe_playlist import (
    MediaView,
    NotAPlaylist,
    Rendition,
    common_problems,
    parse_playlist,
    rate_problems,
    renditions_of,
    variant_problems,
    view_media,
)

URL = "http://host/live/x/s1/720p/index.m3u8"
HEAD = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,HOLD-BACK=6
#EXT-X-PART-INF:PART-TARGET=0.5
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
"""
SEGMENT = """#EXT-X-PART:DURATION=0.5,URI="p0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.5,URI="p1.m4s"
#EXTINF:1.0,
s10.m4s
"""
TAIL = """#EXT-X-PART:DURATION=0.5,URI="p2.m4s",INDEPENDENT=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p3.m4s"
"""
GOOD = HEAD + SEGMENT + TAIL
OTHER = GOOD.replace("TARGETDURATION:2", "TARGETDURATION:1")
MULTIVARIANT = """#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="sound",URI="s1/audio/index.m3u8"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="within"
#EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,AUDIO="a"
s1/720p/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=100,CODECS="mp4a.40.2"
alone.m3u8
"""


def view(text: str) -> MediaView:
    return view_media(parse_playlist(text, URL), URL)


@pytest.mark.parametrize(
    "text", ["", "hello", '{"now_ms": 1}', "#EXTM3U\n#EXT-X-TARGETDURATION:x\n", "#EXTM3U\n#EXTINF:\n"]
)
def test_what_is_no_playlist_is_said_to_be_none(text: str) -> None:
    with pytest.raises(NotAPlaylist):
        parse_playlist(text, URL)


def test_a_multivariant_playlist_names_its_renditions() -> None:
    url = "http://host/live/x/index.m3u8"
    video, alone, sound = renditions_of(parse_playlist(MULTIVARIANT, url), url)
    codecs = "avc1.64001f,mp4a.40.2"
    assert video == Rendition("http://host/live/x/s1/720p/index.m3u8", "video", "720p", 1280, 720, codecs, 1000)
    assert (alone.kind, alone.width) == ("audio", None)
    assert (sound.kind, sound.name, sound.url) == ("audio", "sound", "http://host/live/x/s1/audio/index.m3u8")


def test_a_media_playlist_is_its_own_rendition() -> None:
    assert renditions_of(parse_playlist(GOOD, URL), URL) == [Rendition(URL, "video", "720p")]


def test_a_playlist_at_the_root_is_named_by_its_file() -> None:
    (one,) = renditions_of(parse_playlist(GOOD, "http://host/x.m3u8"), "http://host/x.m3u8")
    assert one.name == "x"


def test_parts_carry_number_address_and_capture_time() -> None:
    seen = view(GOOD)
    assert [(piece.msn, piece.index) for piece in seen.pieces] == [(10, 0), (10, 1), (11, 0)]
    assert seen.pieces[1].url == "http://host/live/x/s1/720p/p1.m4s"
    second = seen.pieces[1].capture_ns
    first = seen.pieces[0].capture_ns
    assert first is not None
    assert second is not None
    assert second - first == 500_000_000
    assert seen.expected == (11, 1)
    assert (seen.can_block, seen.ended, seen.part_target_s, seen.part_hold_back_s) == (True, False, 0.5, 1.5)
    assert seen.problems == ()


def test_after_a_finished_segment_the_first_part_of_the_next_is_expected() -> None:
    assert view(HEAD + SEGMENT + '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p2.m4s"\n').expected == (11, 0)


def test_without_parts_the_segments_are_the_pieces() -> None:
    plain = """#EXTM3U
#EXT-X-TARGETDURATION:2
#EXT-X-MAP:URI="init-0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:2.0,
s0.m4s
#EXTINF:2.0,
s1.m4s
#EXT-X-ENDLIST
"""
    seen = view(plain)
    assert [(piece.msn, piece.index, piece.duration_s) for piece in seen.pieces] == [(0, 0, 2.0), (1, 0, 2.0)]
    assert (seen.can_block, seen.ended, seen.part_target_s, seen.expected) == (False, True, None, (2, 0))
    assert seen.problems == ()


def test_a_part_without_an_address_is_refused() -> None:
    with pytest.raises(NotAPlaylist):
        view(HEAD + SEGMENT + "#EXT-X-PART:DURATION=0.5\n")


def test_an_empty_playlist_expects_its_first_part() -> None:
    assert view(HEAD).expected == (10, 0)
    assert view(HEAD).pieces == ()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("#EXT-X-TARGETDURATION:2\n", "", "no EXT-X-TARGETDURATION"),
        ("#EXTINF:1.0", "#EXTINF:2.6", "longer than the target duration"),
        ('#EXT-X-MAP:URI="init-0.mp4"\n', "", "no EXT-X-MAP"),
        ("#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n", "", "no EXT-X-PROGRAM-DATE-TIME"),
        (",HOLD-BACK=6", ",HOLD-BACK=5", "HOLD-BACK of 5.0 s is below three target durations"),
        ("PART-HOLD-BACK=1.5,", "", "parts without PART-HOLD-BACK"),
        ("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.2", "below three part targets"),
        ('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p3.m4s"\n', "", "no EXT-X-PRELOAD-HINT"),
        ('DURATION=0.5,URI="p1.m4s"', 'DURATION=0.6,URI="p1.m4s"', "longer than the part target"),
        (
            '#EXT-X-PART:DURATION=0.5,URI="p0.m4s",INDEPENDENT=YES',
            '#EXT-X-PART:DURATION=0.3,URI="p0.m4s"',
            "shorter than 85 % of the part target",
        ),
    ],
)
def test_a_broken_rule_is_found_and_named(old: str, new: str, problem: str) -> None:
    assert old in GOOD
    (found,) = view(GOOD.replace(old, new)).problems
    assert found.startswith("720p: ")
    assert problem in found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('DURATION=0.5,URI="p1.m4s"', 'DURATION=0.1,URI="p1.m4s"'),  # the last part of its segment
        ('DURATION=0.5,URI="p2.m4s"', 'DURATION=0.1,URI="p2.m4s"'),  # independent
        ('#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p3.m4s"', "#EXT-X-ENDLIST"),
    ],
)
def test_what_the_rules_allow_is_no_problem(old: str, new: str) -> None:
    assert view(GOOD.replace(old, new)).problems == ()


def test_variants_must_say_what_they_are() -> None:
    assert variant_problems(parse_playlist(MULTIVARIANT, URL)) == []
    bare = '#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=0,AUDIO="b"\nv/index.m3u8\n'
    assert variant_problems(parse_playlist(bare, URL)) == [
        "v: no BANDWIDTH",
        "v: no CODECS",
        "v: audio group b is not defined",
    ]


@pytest.mark.parametrize(
    ("texts", "count"), [([GOOD, GOOD], 0), ([GOOD, GOOD.replace("TARGETDURATION:2", "TARGETDURATION:1")], 1)]
)
def test_renditions_must_promise_the_same(texts: Sequence[str], count: int) -> None:
    assert len(common_problems(map(view, texts))) == count


@pytest.mark.parametrize(("announced", "measured", "count"), [(1000, 1250, 0), (1000, 1251, 1), (None, 10**9, 0)])
def test_a_rendition_must_not_be_heavier_than_it_says(announced: int | None, measured: int, count: int) -> None:
    assert len(rate_problems(Rendition(URL, "video", "720p", bandwidth_bps=announced), measured)) == count
