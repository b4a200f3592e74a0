"""Pure: one byte range of a GET (RFC 9110 14)."""

import re

_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-([0-9]{1,18}))", re.IGNORECASE)


class RangeUnsatisfiable(ValueError):
    """The range lies behind the end."""


def parse_range(header: str | None, length: int) -> slice | None:
    """The bytes a Range header asks for, of so many.

    Returns:
        None for the whole: no header, several ranges, or one this server does not understand (RFC 9110 14.2).

    Raises:
        RangeUnsatisfiable: not a single byte lies in the range.
    """
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, stop = max(0, length - int(suffix)), length
    else:
        start, stop = int(first), length if last is None else min(length, int(last) + 1)
        if last is not None and int(last) < start:
            return None
    if start >= stop:
        raise RangeUnsatisfiable
    return slice(start, stop)
