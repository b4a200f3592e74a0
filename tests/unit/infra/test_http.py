import json
from http import HTTPStatus

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from infra import errors
from infra.http import errors_to_problems, problem, read_body, require_media_type, status_of


class FullHouse(errors.Unavailable):
    """A subclass, as packages make them."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.BadRequest("x"), 400),
        (errors.Unauthorized("x"), 401),
        (errors.Forbidden("x"), 403),
        (errors.NotFound("x"), 404),
        (errors.NotAllowed("x"), 405),
        (errors.Conflict("x"), 409),
        (errors.PreconditionFailed("x"), 412),
        (errors.TooLarge("x"), 413),
        (errors.UnsupportedMediaType("x"), 415),
        (errors.Unprocessable("x"), 422),
        (errors.Broken("x"), 500),
        (FullHouse("x"), 503),
    ],
)
def test_each_class_has_its_status(error: errors.TandemError, status: int) -> None:
    assert status_of(error) == status
    assert problem(error).status == status


def test_a_problem_names_the_refusal_and_when_to_retry() -> None:
    response = problem(errors.Conflict("the name is in use", retry_after_s=7))
    assert response.content_type == "application/problem+json"
    assert response.headers["Retry-After"] == "7"
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert isinstance(response.body, bytes)
    assert json.loads(response.body) == {"title": "Conflict", "status": 409, "detail": "the name is in use"}


def test_our_own_fault_keeps_its_details_to_itself() -> None:
    body = problem(errors.Broken("secret path /etc/x")).body
    assert isinstance(body, bytes)
    assert b"secret" not in body


def test_a_401_says_how_to_authenticate() -> None:
    assert problem(errors.Unauthorized("no token")).headers["WWW-Authenticate"] == "Bearer"


async def answer(request: web.Request) -> web.Response:
    require_media_type(request, "application/sdp")
    return web.Response(body=await read_body(request, 10))


async def fail(request: web.Request) -> web.Response:
    raise RuntimeError(f"no luck with {request.path}")


@pytest.fixture
async def client() -> object:
    app = web.Application(middlewares=[errors_to_problems])
    app.add_routes([web.post("/", answer), web.get("/fail", fail)])
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_a_body_within_the_limit_is_read_whole(client: TestClient[web.Request, web.Application]) -> None:
    response = await client.post("/", data=b"0123456789", headers={"Content-Type": "Application/SDP; charset=x"})
    assert (response.status, await response.read()) == (200, b"0123456789")


async def chunks(count: int) -> object:
    for _ in range(count):
        yield b"x" * 6


async def test_a_body_over_the_limit_is_refused(client: TestClient[web.Request, web.Application]) -> None:
    headers = {"Content-Type": "application/sdp"}
    declared = await client.post("/", data=b"x" * 11, headers=headers)
    undeclared = await client.post("/", data=chunks(2), headers=headers)
    assert declared.status == undeclared.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "at most 10 bytes" in (await undeclared.json(content_type=None))["detail"]


async def test_another_media_type_is_refused(client: TestClient[web.Request, web.Application]) -> None:
    response = await client.post("/", data=b"x", headers={"Content-Type": "text/plain"})
    assert response.status == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert "application/sdp" in await response.text()


async def test_an_unforeseen_error_is_a_500_with_a_problem_body(
    client: TestClient[web.Request, web.Application],
) -> None:
    response = await client.get("/fail")
    assert response.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert response.content_type == "application/problem+json"
    assert "no luck" not in await response.text()


async def test_an_unknown_path_still_allows_any_origin_to_read_the_error(
    client: TestClient[web.Request, web.Application],
) -> None:
    response = await client.get("/nowhere")
    assert response.status == HTTPStatus.NOT_FOUND
    assert response.headers["Access-Control-Allow-Origin"] == "*"
