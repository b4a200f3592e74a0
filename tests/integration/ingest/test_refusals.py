"""Wrong input over HTTP: one status, one sentence, and nothing left behind."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import aiohttp
import pytest
from multidict import CIMultiDictProxy
from structlog.testing import capture_logs

from support.eventually import eventually
from support.ingest_node import IngestNode, ingest_node
from support.manual_clock import ManualClock
from support.offers import FINGERPRINT, OFFER, VIEWER_OFFER, offer_of

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
CANDIDATE = "m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"


SECOND_VIDEO = "m=video 9 UDP/TLS/RTP/SAVPF 1\na=mid:w\na=rtcp-mux\na=sendonly\n"


class Reply(NamedTuple):
    status: int
    headers: CIMultiDictProxy[str]
    text: str
    problem: dict[str, object]


class Client:
    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session, self._url = session, url

    async def __call__(
        self, method: str, path: str, data: str | bytes | io.BytesIO | None = None, **headers: str
    ) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self._session.request(method, self._url + path, data=data, headers=named) as response:
            text = await response.text()
            refused = response.content_type == "application/problem+json"
            return Reply(response.status, response.headers, text, await response.json() if refused else {})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def node(clock: ManualClock) -> AsyncIterator[IngestNode]:
    threads = threading.active_count()
    async with ingest_node(
        clock, ice_servers=("stun:stun.example.org", "turn:turn.example.org"), max_sessions=3
    ) as running:
        yield running
    assert running.udp.routes() == 0
    assert running.hub.snapshot() == []
    assert threading.active_count() <= threads + 1  # the loop's resolver
    await eventually(lambda: not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()])


@pytest.fixture
async def ask(node: IngestNode) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, node.url)


WRONG = {
    "nothing": (b"", SDP, 400),
    "not SDP": (b"hello", SDP, 400),
    "JSON": (b'{"sdp":"v=0"}', SDP, 400),
    "not UTF-8": (b"v=0\r\ns=\xff\xff\r\n", SDP, 400),
    "no type": (OFFER.encode(), {}, 415),
    "another type": (OFFER.encode(), {"Content-Type": "application/json"}, 415),
    "no fingerprint": (OFFER.replace(f"a=fingerprint:sha-256 {FINGERPRINT}\n", "").encode(), SDP, 400),
    "md5 fingerprint": (OFFER.replace("sha-256", "md5").encode(), SDP, 422),
    "no usable codec": (OFFER.replace("H264", "H265").encode(), SDP, 422),
    "data only": (offer_of("chromium-data").encode(), SDP, 422),
    "100 m-lines": ((OFFER + "m=video 9 UDP/TLS/RTP/SAVPF 96\n" * 98).encode(), SDP, 400),
    "digits of another script": (OFFER.replace("m=audio 9", "m=audio \u0669").encode(), SDP, 400),
    "two videos": ((OFFER + SECOND_VIDEO).encode(), SDP, 422),
    "100000 candidates": ((OFFER + CANDIDATE * 100_000).encode(), SDP, 413),
    "not gzip": (OFFER.encode(), {**SDP, "Content-Encoding": "gzip"}, 400),
    "5 MB": (b"v=0\r\n" + b"a" * 5_000_000, SDP, 413),
    "a viewer's offer": (VIEWER_OFFER.encode(), SDP, 422),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_offer_is_refused_with_one_sentence(node: IngestNode, ask: Client, wrong: str) -> None:
    content, headers, status = WRONG[wrong]
    body = io.BytesIO(content) if len(content) > 65_536 else content
    reply = await ask("POST", "/whip/film", body, **{name.replace("-", "_"): value for name, value in headers.items()})
    assert (reply.status, reply.problem["status"]) == (status, status)
    sentence = str(reply.problem["detail"])
    assert 20 < len(sentence) < 200
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert node.udp.routes() == 0
    assert node.hub.snapshot() == []


@pytest.mark.parametrize("name", ["-x", ".x", "a%20b", "%2e%2e", "x" * 65, "caf%C3%A9", "a%2Fb", "%00"])
async def test_an_odd_name_is_refused(ask: Client, name: str) -> None:
    assert (await ask("POST", f"/whip/{name}", OFFER, **SDP_HEADERS)).status in {400, 404}


SDP_HEADERS = {"Content_Type": "application/sdp"}
FRAGMENT_HEADERS = {"Content_Type": "application/trickle-ice-sdpfrag"}


async def test_an_accepted_offer_is_answered_with_all_headers(ask: Client) -> None:
    reply = await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)
    assert reply.status == 201
    assert reply.headers["Content-Type"] == "application/sdp"
    assert reply.headers["Location"].startswith("/whip/film/")
    assert len(reply.headers["Location"]) >= len("/whip/film/") + 20
    assert reply.headers["ETag"].startswith('"')
    assert reply.headers.getall("Link") == [
        '<stun:stun.example.org>; rel="ice-server"',
        '<turn:turn.example.org>; rel="ice-server"',
    ]
    assert "Location" in reply.headers["Access-Control-Expose-Headers"]
    assert reply.text.startswith("v=0\r\n")


async def test_a_second_publisher_is_refused_until_the_first_is_silent(
    node: IngestNode, ask: Client, clock: ManualClock
) -> None:
    first = await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)
    clock.advance(2.4)
    second = await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)
    assert (second.status, second.headers["Retry-After"]) == (409, "3")
    clock.advance(0.1)
    assert (await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)).status == 201
    assert len(node.hub.snapshot()) == 1
    await eventually(lambda: node.udp.routes() == 1)
    assert (await ask("GET", first.headers["Location"])).status == 404
    assert node.hub.snapshot()[0].state == "starting"


async def test_a_viewer_of_a_stream_that_is_not_live_is_told_when_to_come_back(ask: Client) -> None:
    reply = await ask("POST", "/whep/film", VIEWER_OFFER, **SDP_HEADERS)
    assert (reply.status, reply.headers["Retry-After"]) == (409, "2")
    await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)
    assert (await ask("POST", "/whep/film", VIEWER_OFFER, **SDP_HEADERS)).status == 409


async def test_a_full_node_says_so(ask: Client) -> None:
    for stream in ("one", "two", "three"):
        assert (await ask("POST", f"/whip/{stream}", OFFER, **SDP_HEADERS)).status == 201
    reply = await ask("POST", "/whip/four", OFFER, **SDP_HEADERS)
    assert (reply.status, reply.headers["Retry-After"]) == (503, "10")


async def test_a_peer_that_never_connects_is_forgotten_but_its_delete_is_fine(
    node: IngestNode, ask: Client, clock: ManualClock
) -> None:
    location = (await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)).headers["Location"]
    assert (await ask("GET", location)).status == 204
    node.hub.tick(clock.advance(10))
    await eventually(lambda: node.udp.routes() == 0)
    assert node.hub.snapshot() == []
    assert (await ask("GET", location)).status == 404
    assert (await ask("PATCH", location, CANDIDATE, **FRAGMENT_HEADERS)).status == 404
    assert (await ask("DELETE", location)).status == 200


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_resource_is_not_found(ask: Client, method: str) -> None:
    reply = await ask(method, "/whip/film/nothing", CANDIDATE if method == "PATCH" else None, **FRAGMENT_HEADERS)
    assert reply.status == 404
    assert "no such WHIP resource" in str(reply.problem["detail"])


async def test_a_resource_answers_only_below_its_own_stream_and_protocol(ask: Client) -> None:
    location = (await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)).headers["Location"]
    assert (await ask("DELETE", location.replace("film", "other"))).status == 404
    assert (await ask("DELETE", location.replace("whip", "whep", 1))).status == 404
    assert (await ask("DELETE", location)).status == 200


async def test_candidates_are_taken_without_content_or_entity_tag(ask: Client) -> None:
    posted = await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)
    location = posted.headers["Location"]
    for headers in ({}, {"If_Match": posted.headers["ETag"]}, {"If_Match": "*"}):
        reply = await ask("PATCH", location, CANDIDATE, **FRAGMENT_HEADERS, **headers)
        assert (reply.status, reply.text) == (204, "")
        assert "ETag" not in reply.headers


async def test_a_wrong_patch_is_refused(ask: Client) -> None:
    location = (await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)).headers["Location"]
    assert (await ask("PATCH", location, CANDIDATE, **SDP_HEADERS)).status == 415
    assert (await ask("PATCH", location, "hello", **FRAGMENT_HEADERS)).status == 400
    assert (await ask("PATCH", location, b"\xff", **FRAGMENT_HEADERS)).status == 400
    assert (await ask("PATCH", location, CANDIDATE, **FRAGMENT_HEADERS, If_Match='"other"')).status == 412
    assert (await ask("PATCH", location, "a" * 70_000, **FRAGMENT_HEADERS)).status == 413


async def test_a_restart_makes_the_old_entity_tag_invalid(ask: Client) -> None:
    posted = await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)
    location, tag = posted.headers["Location"], posted.headers["ETag"]
    fresh = "a=ice-ufrag:fresh\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n" + CANDIDATE
    restarted = await ask("PATCH", location, fresh, **FRAGMENT_HEADERS, If_Match='"*"')
    assert restarted.status == 200
    assert restarted.headers["ETag"] != tag
    assert "a=ice-lite" in restarted.text
    assert (await ask("PATCH", location, CANDIDATE, **FRAGMENT_HEADERS, If_Match=tag)).status == 412
    assert (await ask("PATCH", location, fresh, **FRAGMENT_HEADERS, If_Match=restarted.headers["ETag"])).status == 204


async def test_a_restart_whose_answer_was_lost_is_answered_again(ask: Client) -> None:
    location = (await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)).headers["Location"]
    fresh = "a=ice-ufrag:fresh\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n" + CANDIDATE
    lost, again = [await ask("PATCH", location, fresh, **FRAGMENT_HEADERS, If_Match="*") for _ in range(2)]
    assert (again.status, again.headers["ETag"], again.text) == (200, lost.headers["ETag"], lost.text)


async def test_a_candidate_overtaken_by_a_restart_does_not_restart_ice_again(ask: Client) -> None:
    location = (await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)).headers["Location"]
    first = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    restarted = await ask("PATCH", location, first.replace("abcd\r", "fresh\r"), **FRAGMENT_HEADERS, If_Match="*")
    assert (await ask("PATCH", location, first + CANDIDATE, **FRAGMENT_HEADERS)).status == 204
    tag = restarted.headers["ETag"]
    assert (await ask("PATCH", location, CANDIDATE, **FRAGMENT_HEADERS, If_Match=tag)).status == 204


async def test_a_body_that_breaks_off_is_refused_and_is_no_failure_of_ours(node: IngestNode) -> None:
    host, port = node.url.removeprefix("http://").split(":")
    head = "POST /whip/film HTTP/1.1\r\nHost: x\r\nContent-Type: application/sdp\r\nContent-Length: 100\r\n\r\nv=0\r\n"
    with capture_logs() as logged:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await eventually(lambda: [(entry["event"], entry["status"]) for entry in logged] == [("request refused", 400)])
    assert node.hub.snapshot() == []


async def test_options_tell_what_can_be_posted_and_a_preflight_tells_no_servers(ask: Client) -> None:
    plain = await ask("OPTIONS", "/whip/film")
    assert (plain.status, plain.headers["Accept-Post"]) == (200, "application/sdp")
    assert len(plain.headers.getall("Link")) == 2
    preflight = await ask("OPTIONS", "/whip/film", Access_Control_Request_Method="POST", Origin="https://example.org")
    assert "Link" not in preflight.headers
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "If-Match" in preflight.headers["Access-Control-Allow-Headers"]
    resource = await ask("OPTIONS", "/whep/film/anything", Access_Control_Request_Method="PATCH")
    assert "PATCH" in resource.headers["Access-Control-Allow-Methods"]
    assert resource.headers["Accept-Patch"] == "application/trickle-ice-sdpfrag"


async def test_get_and_head_have_no_content(ask: Client) -> None:
    assert (await ask("GET", "/whip/film")).status == 204
    assert (await ask("GET", "/whep/film")).status == 204
    discovered = await ask("HEAD", "/whep/film")
    assert (discovered.status, discovered.headers["Content-Type"]) == (200, "application/sdp")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_other_methods_are_not_allowed(ask: Client, method: str) -> None:
    reply = await ask(method, "/whip/film")
    assert reply.status == 405
    assert "POST" in reply.headers["Allow"]


async def test_a_draining_node_takes_nobody(node: IngestNode, ask: Client) -> None:
    await node.hub.close()
    assert (await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)).status == 503
    assert (await ask("POST", "/whep/film", VIEWER_OFFER, **SDP_HEADERS)).status == 503


async def test_shutdown_says_goodbye_to_those_that_still_connect(node: IngestNode, ask: Client, tmp_path: Path) -> None:
    location = (await ask("POST", "/whip/film", OFFER, **SDP_HEADERS)).headers["Location"]
    await node.hub.close()
    assert (await ask("GET", location)).status == 404
    assert node.udp.routes() == 0
