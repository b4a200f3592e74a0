import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer

from infra.http import errors_to_problems
from player.pages import routes
from player.site import SECURITY_HEADERS

Client = TestClient[web.Request, web.Application]
PAGES = ["/", "/recordings", "/watch/studio", "/embed/studio", "/compare/studio", "/publish/studio"]


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "watch-abc.js").write_text("export const answer = 42;\n" * 40)
    (tmp_path / "assets" / "deeper").mkdir()
    for page in ("index", "recordings", "publish", "watch", "embed", "compare"):
        (tmp_path / f"{page}.html").write_text(f"<!doctype html><title>{page}</title>")
    (tmp_path / "error.html").write_text("<title>{{title}}</title><p>{{sentence}}")
    return tmp_path


def serving(dist: Path) -> Client:
    app = web.Application(middlewares=[errors_to_problems])
    app.add_routes(routes(dist))
    return TestClient(TestServer(app))


@pytest.fixture
async def client(dist: Path) -> AsyncIterator[Client]:
    async with serving(dist) as client:
        yield client


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", "index"),
        ("/recordings", "recordings"),
        *((f"/{page}/studio", page) for page in ("watch", "compare", "publish")),
    ],
)
async def test_a_page_comes_with_its_security_headers_and_is_asked_for_every_time(
    client: Client, path: str, title: str
) -> None:
    response = await client.get(path)
    assert response.status == 200
    assert f"<title>{title}</title>" in await response.text()
    assert response.content_type == "text/html"
    assert response.headers["Cache-Control"] == "no-cache"
    assert {name: response.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


async def test_the_embedded_player_alone_may_be_shown_in_a_frame(client: Client) -> None:
    response = await client.get("/embed/studio")
    assert "frame-ancestors *" in response.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in response.headers
    assert (await client.get("/watch/studio")).headers["X-Frame-Options"] == "DENY"


async def test_a_player_may_fetch_from_where_the_media_is(dist: Path) -> None:
    app = web.Application()
    app.add_routes(routes(dist, "https://cdn.example:8443/tandem"))
    async with TestClient(TestServer(app)) as client:
        policy = (await client.get("/watch/studio")).headers["Content-Security-Policy"]
    assert "connect-src 'self' https://cdn.example:8443;" in policy


async def test_an_asset_is_kept_for_ever_and_compressed(client: Client) -> None:
    response = await client.get("/assets/watch-abc.js")
    assert await response.text() == "export const answer = 42;\n" * 40
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Vary"] == "Accept-Encoding"
    assert "immutable" in response.headers["Cache-Control"]
    assert response.content_type == "text/javascript"


async def test_a_client_that_knows_no_compression_gets_none(client: Client) -> None:
    async with ClientSession(auto_decompress=False) as plain:
        url = client.make_url("/assets/watch-abc.js")
        response = await plain.get(url, headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in response.headers
        assert (await response.read()).startswith(b"export")


async def test_a_file_that_the_client_has_is_not_sent_again(client: Client) -> None:
    first = await client.get("/assets/watch-abc.js")
    second = await client.get("/assets/watch-abc.js", headers={"If-None-Match": first.headers["ETag"]})
    assert second.status == 304
    assert await second.read() == b""
    assert second.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("path", ["/assets/none.js", "/assets/deeper", "/assets/..%2Findex.html", "/assets/%00"])
async def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    response = await client.get(path)
    assert response.status == 404
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("page", ["watch", "publish"])
@pytest.mark.parametrize("name", ["%2e%2e%2fx", "a" * 300, "%C3%BC", "-x", "%3Cscript%3E", "a%20b"])
async def test_an_odd_name_is_refused_with_a_page_that_says_what_is_allowed(
    client: Client, page: str, name: str
) -> None:
    response = await client.get(f"/{page}/{name}")
    text = await response.text()
    assert response.status == 400
    assert response.content_type == "text/html"
    assert "refused" in text
    assert "A-Z a-z 0-9" in text
    assert "<script" not in text
    assert {name: response.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


@pytest.mark.parametrize("path", [*PAGES, "/assets/watch-abc.js"])
async def test_pages_that_are_not_built_say_how_to_build_them(tmp_path: Path, path: str) -> None:
    async with serving(tmp_path / "missing") as client:
        response = await client.get(path)
        assert response.status == 503
        assert "make setup" in (await response.json())["detail"]


async def test_pages_that_are_built_later_are_served(dist: Path, tmp_path: Path) -> None:
    async with serving(tmp_path / "later") as client:
        assert (await client.get("/")).status == 503
        (tmp_path / "later").mkdir()
        (tmp_path / "later" / "index.html").write_bytes((dist / "index.html").read_bytes())
        assert (await client.get("/")).status == 200


async def test_the_built_pages_name_only_files_that_are_there_and_carry_no_inline_code() -> None:
    app = web.Application(middlewares=[errors_to_problems])
    app.add_routes(routes())
    async with TestClient(TestServer(app)) as client:
        for path in PAGES:
            response = await client.get(path)
            if response.status == 503:
                pytest.fail("player/dist is missing: make setup builds it")
            page = await response.text()
            assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\son\w+=", page)
            for asset in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page):
                assert (await client.get(asset)).status == 200
