"""Pure: conditional requests: what a cache or player holds already, told by entity tags (RFC 9110 13)."""

import re

_TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def is_held(if_none_match: str | None, etag: str) -> bool:
    """Whether If-None-Match names what would be sent, so that 304 is enough; weak comparison (13.1.2)."""
    if if_none_match is None:
        return False
    if if_none_match.strip() == "*":
        return True
    named = [_TAG.fullmatch(element.strip()) for element in if_none_match.split(",")]  # our own tags hold no comma
    return any(each[1] == etag for each in named if each)


def range_applies(if_range: str | None, etag: str) -> bool:
    """Whether a range of what would be sent continues what is held; strong comparison (13.1.5).

    A date never does: media is sent without one.
    """
    return if_range is None or if_range.strip() == etag
