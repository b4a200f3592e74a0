"""Pure: the delivery directives of a playlist request (rfc8216bis 6.2.5)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from origin.errors import DirectiveRefused, shown

MAX_INTEGER = (1 << 64) - 1  # decimal-integer (rfc8216bis 4.2)
_DECIMAL = re.compile(r"[0-9]{1,20}")
_MSN, _PART = "_HLS_msn", "_HLS_part"


@dataclass(frozen=True, slots=True)
class Directives:
    """What a playlist must hold before the request is answered.

    Attributes:
        msn: ``_HLS_msn``: the media sequence number waited for.
        part: ``_HLS_part``: the index of the part in that segment; None waits for the whole segment.
    """

    msn: int
    part: int | None


def parse_directives(query: Iterable[tuple[str, str]]) -> Directives | None:
    """The directives among a request's query parameters, or None for a plain request.

    Other names that start with ``_HLS_`` are reserved and ignored, ``_HLS_skip`` among them: CAN-SKIP-UNTIL is not
    advertised (rfc8216bis 6.2.5.1).

    Raises:
        DirectiveRefused: a value is no decimal integer, is given twice, or ``_HLS_part`` stands alone.
    """
    given: dict[str, int] = {}
    for name, value in query:
        if name not in {_MSN, _PART}:
            continue
        if name in given:
            raise DirectiveRefused(f"{name} refused: it is given twice")
        given[name] = _decimal(name, value)
    if _MSN in given:
        return Directives(given[_MSN], given.get(_PART))
    if _PART in given:
        raise DirectiveRefused(f"{_PART} refused: it needs {_MSN}")
    return None


def _decimal(name: str, value: str) -> int:
    if not _DECIMAL.fullmatch(value) or int(value) > MAX_INTEGER:
        raise DirectiveRefused(f"{name}={shown(value)} refused: allowed are the integers 0 to {MAX_INTEGER}")
    return int(value)
