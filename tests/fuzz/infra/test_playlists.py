"""Whatever a server answers, the probe reads it or says that it is no playlist."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from infra.probe_playlist import NotAPlaylist, parse_playlist, renditions_of, variant_problems, view_media

URL = "http://host/x/index.m3u8"
LINES = st.sampled_from(
    [
        "#EXT-X-TARGETDURATION:",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-MEDIA-SEQUENCE:x",
        "#EXT-X-MEDIA-SEQUENCE:-5",
        "#EXT-X-PART-INF:PART-TARGET=0.5",
        "#EXT-X-PART-INF:",
        "#EXT-X-PART:DURATION=0.5,URI=",
        '#EXT-X-PART:DURATION=0.5,URI="p0.m4s"',
        '#EXT-X-PART:URI="p0.m4s"',
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=x",
        "#EXT-X-SERVER-CONTROL:",
        "#EXT-X-PRELOAD-HINT:",
        "#EXT-X-PRELOAD-HINT:TYPE=PART",
        "#EXT-X-PROGRAM-DATE-TIME:yesterday",
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00Z",
        '#EXT-X-MAP:URI="i.mp4"',
        "#EXT-X-MAP:",
        "#EXTINF:2,",
        "#EXTINF:",
        "#EXTINF:x,",
        "s0.m4s",
        "#EXT-X-STREAM-INF:BANDWIDTH=x",
        "#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=axb",
        "#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1x2",
        "#EXT-X-STREAM-INF:",
        '#EXT-X-MEDIA:TYPE=AUDIO,URI="a.m3u8"',
        "#EXT-X-MEDIA:",
        "#EXT-X-ENDLIST",
        "http://[",
    ]
)


@given(st.lists(LINES | st.text(max_size=40), max_size=12).map("\n".join))
def test_no_playlist_makes_the_probe_fail(text: str) -> None:
    for document in (text, f"#EXTM3U\n{text}\n"):
        with contextlib.suppress(NotAPlaylist):
            playlist = parse_playlist(document, URL)
            renditions_of(playlist, URL)
            variant_problems(playlist)
            view_media(playlist, URL)
