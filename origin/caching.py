"""Pure: how long a cache may keep each kind of answer (rfc8216bis B.1, server configuration).

Media URLs contain a session id that is never used again, so nothing here is ever wrong, only old. Blocking answers
must be cacheable, or caches that collapse equal requests serve them one after the other.
"""

import enum


class Resource(enum.Enum):
    """The kinds of answers."""

    MULTIVARIANT = enum.auto()
    PLAYLIST = enum.auto()  # of a plain request
    HELD_PLAYLIST = enum.auto()  # of a request with delivery directives
    MEDIA = enum.auto()  # init sections, segments and parts


BUSY = "no-store"  # of a 503: the next try may succeed
FOR_EVER = "public, max-age=31536000, immutable"  # of a recording's files
_MULTIVARIANT_S = 1  # its URL outlives the session


def cache_control(resource: Resource, target_duration_s: int, *, found: bool) -> str:
    """The Cache-Control of an answer, good or refused."""
    good_s, refused_s = {
        Resource.MULTIVARIANT: (_MULTIVARIANT_S, _MULTIVARIANT_S),
        Resource.PLAYLIST: (max(1, target_duration_s // 2), target_duration_s),
        Resource.HELD_PLAYLIST: (6 * target_duration_s, 4 * target_duration_s),
        Resource.MEDIA: (6 * target_duration_s, target_duration_s),
    }[resource]
    return f"max-age={good_s if found else refused_s}"
