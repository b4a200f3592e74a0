import asyncio

from structlog.testing import capture_logs

from infra.ids import RenditionName, SessionId, StreamName
from origin import metrics
from origin.directives import Skip
from origin.names import FileKind
from origin.playlist_version import PlaylistVersion
from origin.playlist_watch import PlaylistWatch

HD = RenditionName("720p")
BROKEN = PlaylistVersion(6, "", ("#EXTINF:1,\ns0.m4s\n",), 1, "")


async def test_what_breaks_a_rule_is_counted_and_logged_once_in_a_while() -> None:
    watch = PlaylistWatch(StreamName("cat"), SessionId("s1"))
    before = metrics.VIOLATIONS._value.get()
    with capture_logs() as lines:
        watch.whole((HD, FileKind.PLAYLIST), BROKEN)
        watch.update((HD, FileKind.PLAYLIST), BROKEN, Skip.SEGMENTS)
        watch.index("nothing")
        watch.whole((HD, FileKind.IFRAME_PLAYLIST), BROKEN)
        assert lines == [], "those who wait are answered first"
        await asyncio.sleep(0)
    (line,) = lines
    assert (line["event"], line["stream"], line["playlist"]) == ("playlist breaks a rule", "cat", "720p/index.m3u8")
    assert line["first"] == "TARGETDURATION is no integer of at least 1 [4.4.3.1]"
    assert metrics.VIOLATIONS._value.get() - before > line["violations"] > 5


async def test_what_obeys_is_passed_over_in_silence() -> None:
    watch = PlaylistWatch(StreamName("cat"), SessionId("s1"))
    before = metrics.VIOLATIONS._value.get()
    with capture_logs() as lines:
        watch.index(
            '#EXTM3U\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-STREAM-INF:BANDWIDTH=2,AVERAGE-BANDWIDTH=1,CODECS="x"\na\n'
        )
        await asyncio.sleep(0)
    assert (lines, metrics.VIOLATIONS._value.get()) == ([], before)
