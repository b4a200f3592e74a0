"""Pure: the delivery directives of a playlist request (rfc8216bis 6.2.5)."""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass

from origin.errors import DirectiveRefused, shown

MAX_INTEGER = (1 << 64) - 1  # decimal-integer (rfc8216bis 4.2)
_DECIMAL = re.compile(r"[0-9]{1,20}")
_MSN, _PART, _SKIP = "_HLS_msn", "_HLS_part", "_HLS_skip"


class Skip(enum.Enum):
    """``_HLS_skip``: what a player has already and need not be told again (rfc8216bis 6.2.5.1)."""

    NOTHING = ""
    SEGMENTS = "YES"
    DATE_RANGES_TOO = "v2"


@dataclass(frozen=True, slots=True)
class Awaited:
    """What a playlist must hold before the request is answered.

    Attributes:
        msn: ``_HLS_msn``: the media sequence number waited for.
        part: ``_HLS_part``: the index of the part in that segment; None waits for the whole segment.
    """

    msn: int
    part: int | None


@dataclass(frozen=True, slots=True)
class Directives:
    """What a request asks for.

    Attributes:
        awaited: what it waits for, or None if the playlist as it is will do.
        skip: what the answer may leave out.
    """

    awaited: Awaited | None = None
    skip: Skip = Skip.NOTHING


def parse_directives(query: Iterable[tuple[str, str]]) -> Directives:
    """The directives among a request's query parameters.

    Other names that start with ``_HLS_`` are reserved and ignored, and so are unknown values of ``_HLS_skip``.

    Raises:
        DirectiveRefused: a number is no decimal integer, a directive is given twice, or ``_HLS_part`` stands alone.
    """
    given: dict[str, str] = {}
    for name, value in query:
        if name not in {_MSN, _PART, _SKIP}:
            continue
        if name in given:
            raise DirectiveRefused(f"{name} refused: it is given twice")
        given[name] = value
    numbers = {name: _decimal(name, given[name]) for name in (_MSN, _PART) if name in given}
    if _PART in numbers and _MSN not in numbers:
        raise DirectiveRefused(f"{_PART} refused: it needs {_MSN}")
    awaited = Awaited(numbers[_MSN], numbers.get(_PART)) if _MSN in numbers else None
    skip = next((each for each in Skip if each.value == given.get(_SKIP)), Skip.NOTHING)
    return Directives(awaited, skip)


def asks_to_wait(names: Iterable[str]) -> bool:
    """Whether a request with query parameters of these names is one that may be held: its answer never ages."""
    return any(name in {_MSN, _PART} for name in names)


def _decimal(name: str, value: str) -> int:
    if not _DECIMAL.fullmatch(value) or int(value) > MAX_INTEGER:
        raise DirectiveRefused(f"{name}={shown(value)} refused: allowed are the integers 0 to {MAX_INTEGER}")
    return int(value)
