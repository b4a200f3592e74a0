"""Edge: what every HTTP route shares: errors to status codes (RFC 9457 bodies), CORS, body limits."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import structlog
from aiohttp import hdrs, web
from multidict import CIMultiDict

from infra import errors
from infra.tokens import without_token

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_STATUS: Mapping[type[errors.TandemError], HTTPStatus] = {
    errors.BadRequest: HTTPStatus.BAD_REQUEST,
    errors.Unauthorized: HTTPStatus.UNAUTHORIZED,
    errors.Forbidden: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.NotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.Unprocessable: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.PeerError: HTTPStatus.BAD_REQUEST,
    errors.TandemError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

CORS_HEADERS: Mapping[str, str] = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Post, Accept-Patch, Accept-Ranges, Retry-After, "
    "Age, Date, Cache-Control, Content-Encoding, Content-Length, Content-Range",
}

_log = structlog.get_logger("http")


def status_of(error: errors.TandemError) -> HTTPStatus:
    """The status code of an error: that of its nearest class in the table."""
    return next(_STATUS[cls] for cls in type(error).__mro__ if cls in _STATUS)


def problem(error: errors.TandemError) -> web.Response:
    """An error as an ``application/problem+json`` response (RFC 9457 3) with one sentence, CORS, Retry-After."""
    status = status_of(error)
    headers = CIMultiDict(CORS_HEADERS)
    headers[hdrs.CACHE_CONTROL] = "no-store"  # unless its route knows better
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        headers[hdrs.RETRY_AFTER] = str(retry_after_s)
    if isinstance(error, errors.Unauthorized):
        for challenge in error.challenges:
            headers.add(hdrs.WWW_AUTHENTICATE, challenge)
    detail = str(error) if status != HTTPStatus.INTERNAL_SERVER_ERROR else "the server failed; its log says why"
    return web.json_response(
        {"title": status.phrase, "status": status.value, "detail": detail},
        status=status,
        headers=headers,
        content_type="application/problem+json",
    )


@web.middleware
async def errors_to_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error a handler raises into a response, and log it once."""
    try:
        return await handler(request)
    except errors.TandemError as error:
        status = status_of(error)
        log = _log.bind(
            method=request.method, path=without_token(request.path)[:200], status=status.value, why=str(error)
        )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("request not served", exc_info=status is HTTPStatus.INTERNAL_SERVER_ERROR)  # noqa: TRY400
        else:
            log.info("request refused")
        return problem(error)
    except web.HTTPException as error:
        if error.status >= HTTPStatus.BAD_REQUEST:
            error.headers.update(CORS_HEADERS)
        raise
    except Exception:  # the last line of defence: whatever it was, the peer gets an answer and the log the traceback
        _log.exception("request failed", method=request.method, path=without_token(request.path)[:200])
        return problem(errors.Broken("unexpected"))


async def read_body(request: web.Request, limit_bytes: int) -> bytes:
    """The whole body of a request.

    Raises:
        TooLarge: it is longer than the limit; no more than the limit was read.
    """
    if request.content_length is not None and request.content_length > limit_bytes:
        raise errors.TooLarge(
            f"body of {request.content_length} bytes refused: at most {limit_bytes} bytes are allowed"
        )
    body = bytearray()
    async for chunk in request.content.iter_chunked(min(limit_bytes, 65536)):
        body += chunk
        if len(body) > limit_bytes:
            raise errors.TooLarge(f"body refused: at most {limit_bytes} bytes are allowed")
    return bytes(body)


def require_media_type(request: web.Request, media_type: str) -> None:
    """Check the Content-Type, parameters and case ignored.

    Raises:
        UnsupportedMediaType: it is another one, or missing.
    """
    given = request.headers.get(hdrs.CONTENT_TYPE, "")
    if given.partition(";")[0].strip().lower() != media_type:
        raise errors.UnsupportedMediaType(f"content type {given[:80]!r} refused: send {media_type}")
