"""Pure: what pushers and viewers of the origin can get wrong, and what the origin can run out of.

::

    infra.errors.PeerError
     +-- BadRequest
     |    +-- UrlMalformed           not a media URL of this server                                   400
     |    +-- DvrRefused             a list that is longer than anything the store keeps                400
     |    +-- RetentionRefused       a retention rule that means nothing                             400
     |    +-- QueueRefused           the file of the queue of work after sessions cannot be used      400
     |    +-- DirectiveRefused       delivery directives that are malformed or ask too far ahead      400
     +-- Unprocessable
     |    +-- CmafRefused            pushed bytes that are not the CMAF this server takes             422
     +-- Conflict
     |    +-- SessionOver            a push into a session that has ended                             409
     |    +-- StreamTaken            another publisher is live under this name                         409
     |    +-- SessionLive            a session that has not ended, or not all of it is stored yet     409
     +-- NotFound
     |    +-- StreamUnknown          nothing is live under this name, or nothing can be played yet    404
     |    +-- ResourceGone           no such rendition, segment or part, or not any more              404
     |    +-- RecordingUnknown       no such recording, or not yet                                    404
     infra.errors.Unavailable
     +-- HeldTooLong                 what was waited for did not come in time                         503
     +-- OriginFull                  a limit of the origin is reached                                 503
     +-- JournalOpen                 a session's journal has not ended, or not all of it is stored    503
     infra.errors.Broken
     +-- JournalBroken               a journal that this program did not write                        500
"""

from infra import errors

_SHOWN_CHARS = 40  # of refused input, escapes written out: enough to recognise it, too little to flood a log


class UrlMalformed(errors.BadRequest):
    """Not a media URL of this server."""


class DvrRefused(errors.BadRequest):
    """The settings ask for a list that is longer than what the store keeps."""


class RetentionRefused(errors.BadRequest):
    """A retention rule that means nothing."""


class DirectiveRefused(errors.BadRequest):
    """Delivery directives that are malformed or ask too far ahead (rfc8216bis 6.2.5.2)."""


class QueueRefused(errors.BadRequest):
    """The file of the queue of work after sessions cannot be used."""


class CmafRefused(errors.Unprocessable):
    """Pushed bytes that are not the CMAF this server takes."""


class SessionOver(errors.Conflict):
    """A push into a session that has ended; its id is never used again."""


class StreamTaken(errors.Conflict):
    """Another publisher is live under this name."""


class SessionLive(errors.Conflict):
    """A session that has not ended, or of which not all is stored yet: nothing can be done to its recording."""


class StreamUnknown(errors.NotFound):
    """Nothing is live under this name, or nothing can be played yet; ``retry_after_s`` says when to ask again."""

    def __init__(self, sentence: str, retry_after_s: int | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class ResourceGone(errors.NotFound):
    """No such rendition, init section, segment or part, or not any more."""


class RecordingUnknown(errors.NotFound):
    """No such recording, or not yet."""


class HeldTooLong(errors.Unavailable):
    """What was waited for did not come in time."""


class OriginFull(errors.Unavailable):
    """A limit of the origin is reached."""


class JournalOpen(errors.Unavailable):
    """A session's journal has not ended, or not all of it is stored yet."""


class JournalBroken(errors.Broken):
    """A journal that this program did not write."""


def shown(text: str) -> str:
    """Refused input as it may stand in a sentence: quoted, escaped, at most 40 characters of that."""
    escaped = repr(text[: _SHOWN_CHARS + 1])
    quote, inner = escaped[0], escaped[1:-1]
    return escaped if len(inner) <= _SHOWN_CHARS else f"{quote}{inner[:_SHOWN_CHARS]}...{quote}"
