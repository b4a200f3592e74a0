from origin.public_urls import on_base

PLAYLIST = """#EXTM3U
#EXT-X-VERSION:6
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="audio",URI="s1/audio/index.m3u8"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="s1/720p/iframes.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO="audio"
s1/720p/index.m3u8
"""


def test_every_relative_address_is_put_below_the_base() -> None:
    base = "https://cdn.example/t/5f-x/live/film"
    assert on_base(PLAYLIST, base) == PLAYLIST.replace("s1/", f"{base}/s1/")


def test_other_addresses_stay() -> None:
    others = '/live/a.m3u8\nhttps://other.example/a.m3u8\n#EXT-X-MEDIA:URI="data:,x"\n#EXT-X-MEDIA:URI="/b"\n'
    assert on_base(others, "https://cdn.example") == others
