r"""Pure: who is at fault, so that one place can turn any error into a status code.

::

    TandemError
     +-- PeerError             the other side is wrong; the sentence is shown to it
     |    +-- BadRequest             malformed                             400
     |    +-- Unauthorized           no or wrong credentials               401
     |    +-- Forbidden              these credentials do not do it        403
     |    +-- NotFound               no such stream, session, resource     404
     |    +-- NotAllowed             a method the resource does not have   405
     |    +-- Conflict               right request, wrong moment           409
     |    +-- PreconditionFailed     If-Match does not match               412
     |    +-- TooLarge               over a limit                          413
     |    +-- UnsupportedMediaType   wrong Content-Type                    415
     |    +-- Unprocessable          well-formed, cannot be served         422
     +-- Unavailable           not now: full, draining, held too long      503
     +-- Broken                our fault; details stay in the log          500

Packages subclass these; only `infra.http` knows the status codes.
"""


class TandemError(Exception):
    """Root of every error this program raises on purpose; ``str()`` is one clear lower-case sentence."""


class PeerError(TandemError):
    """The other side is wrong; the sentence names what was refused and what is allowed."""


class BadRequest(PeerError):
    """Malformed."""


class Unauthorized(PeerError):
    """No credentials, or wrong ones; ``challenges`` are the schemes that are understood (RFC 9110 11.6.1)."""

    def __init__(self, sentence: str, challenges: tuple[str, ...] = ("Bearer",)) -> None:
        super().__init__(sentence)
        self.challenges = challenges


class Forbidden(PeerError):
    """Whoever asks may not have it, and other credentials of the same kind are needed."""


class NotFound(PeerError):
    """No such stream, session or resource."""


class NotAllowed(PeerError):
    """A method that the resource does not have."""


class Conflict(PeerError):
    """The request is right, the moment is wrong; ``retry_after_s`` says when to come back."""

    def __init__(self, sentence: str, retry_after_s: int | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class PreconditionFailed(PeerError):
    """If-Match does not match."""


class TooLarge(PeerError):
    """Over a limit."""


class UnsupportedMediaType(PeerError):
    """Wrong Content-Type."""


class Unprocessable(PeerError):
    """Well-formed, but cannot be served."""


class Unavailable(TandemError):
    """Not now: full, draining, or held for too long; ``retry_after_s`` says when to come back."""

    def __init__(self, sentence: str, retry_after_s: int | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class Broken(TandemError):
    """Our fault; the peer learns no details."""
