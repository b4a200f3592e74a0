"""A node with a viewer's secret: every route that shows media, with and without a token."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp
from aiohttp import hdrs
from multidict import CIMultiDictProxy

from infra.app import Node
from infra.ids import StreamName
from infra.probe_hls import probe_hls
from infra.settings import Settings
from infra.tokens import GUARDED, make_token, viewer_paths
from origin.listed import read
from support.cmaf_pusher import Post, made_up_video
from support.origin_media import first_variant

SECRET, ENCODER_TOKEN, FILM = "the secret of the viewers", "the token of the encoder", StreamName("film")


def token(valid_s: int = 600, stream: str = FILM, secret: str = SECRET) -> str:
    return make_token(secret, StreamName(stream), int(time.time()) + valid_s)


@dataclass
class Film:
    """A node on which the stream `film` is pushed."""

    node: Node
    http: aiohttp.ClientSession
    post: Post

    async def get(self, path: str, method: str = "GET") -> tuple[int, str, CIMultiDictProxy[str]]:
        async with self.http.request(method, self.node.base_url + path, allow_redirects=False) as response:
            return response.status, (await response.read()).decode("latin-1"), response.headers

    async def media_paths(self) -> list[str]:
        """One of each kind of media, unsigned, as the playlists name them to a viewer with a token."""
        good = token()
        index = viewer_paths(good, FILM)[1]
        while (answer := await self.get(index))[0] == 404:
            pass
        status, text, _ = answer
        assert status == 200
        playlist = urljoin(index, first_variant(text))
        status, text, _ = await self.get(playlist + "?_HLS_msn=0")
        assert status == 200
        msn = next(segment.msn for segment in read(text).segments if not segment.gap)
        files = ["init-0.mp4", f"s{msn}.m4s", "p1.m4s", "iframes.m3u8", f"i{msn}.m4s"]
        signed = [index, playlist, playlist + "?_HLS_msn=0", *(urljoin(playlist, file) for file in files)]
        assert all(path.startswith(f"/t/{good}/") for path in signed), "relative addresses keep the token"
        return [path.removeprefix(f"/t/{good}") for path in signed]


@asynccontextmanager
async def film() -> AsyncIterator[Film]:
    settings = {"port": 0, "udp_port": 0, "viewer_secret": SECRET, "encoder_token": ENCODER_TOKEN}
    async with Node(Settings.model_validate(settings)) as node, aiohttp.ClientSession() as http:
        post = Post(http, f"{node.base_url}/cmaf/film/720p", ENCODER_TOKEN)
        source = made_up_video()
        source.base_ticks = 0
        post.send(source.opening(), *source.parts(40))  # read no sooner than they are due
        try:
            yield Film(node, http, post)
        finally:
            await post.break_off()


async def test_every_kind_of_media_needs_a_token_of_its_stream_that_has_not_expired() -> None:
    async with film() as served:
        for path in await served.media_paths():
            status, _, headers = await served.get(f"/t/{token()}{path}")
            assert (path, status) == (path, 200)
            assert headers["Cache-Control"].startswith("max-age=")
            wrong = ["", f"/t/{token(-1)}", f"/t/{token(stream='other')}", f"/t/{token(secret='x')}", "/t/x-y"]
            for prefix in wrong:
                for method in ("GET", "HEAD"):
                    status, body, headers = await served.get(prefix + path, method)
                    assert (prefix, path, status) == (prefix, path, 403)
                    assert headers["Cache-Control"] == "no-store"
                    assert headers["Access-Control-Allow-Origin"] == "*"
                    assert "mdat" not in body


async def test_no_route_to_media_is_left_open() -> None:
    async with film() as served:
        router = served.node.app.router
        paths = {resource.canonical for resource in router.resources()}
    watched = {path for path in paths if path.split("/")[1] in GUARDED}
    assert {f"/t/{{token}}{path}" for path in watched} <= paths
    other = paths - watched - {path for path in paths if path.startswith("/t/")}
    assert {path.split("/")[1] for path in other} == {
        *("whip", "cmaf", "api", "metrics", "healthz", "readyz"),
        *("", "recordings", "publish", "assets"),
    }, "a new route either shows no media, or begins with one of GUARDED"


async def test_pages_of_other_origins_may_ask_before_they_show_their_token() -> None:
    async with film() as served:
        for path in ("/live/film/index.m3u8", f"/t/{token()}/live/film/index.m3u8", "/t/x/whep/film"):
            status, _, headers = await served.get(path, "OPTIONS")
            assert status == 200
            assert headers["Access-Control-Allow-Origin"] == "*"


async def test_the_page_recordings_and_whep_need_it_too() -> None:
    async with film() as served:
        page, _, whep = viewer_paths(token(), FILM)
        assert (await served.get("/watch/film"))[0] == 403
        assert (await served.get(page))[0] != 403
        recording = "/vod/film/s1/720p/s0.m4s"
        assert (await served.get(recording))[0] == 403
        assert (await served.get(f"/t/{token()}{recording}"))[0] == 404
        assert (await served.get("/whep/film"))[0] == 403
        status, _, _ = await served.get(whep)
        assert status == 204
        status, _, _ = await served.get(f"{viewer_paths(token(-1), FILM)[2]}/resource", hdrs.METH_DELETE)
        assert status != 403, "a goodbye may come late"


async def test_without_a_secret_there_are_no_tokens() -> None:
    async with (
        Node(Settings(port=0, udp_port=0)) as node,
        aiohttp.ClientSession(node.base_url) as http,
        http.get(f"/t/{token()}/live/film/index.m3u8") as response,
    ):
        assert response.status == 404
        assert "Not Found" in await response.text()


async def test_the_probe_follows_a_signed_playlist() -> None:
    async with film() as served:
        report = await probe_hls(served.node.base_url + viewer_paths(token(), FILM)[1], 1)
    assert [each.name for each in report.renditions] == ["720p"]
