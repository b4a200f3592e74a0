"""Pure: names of WHIP and WHEP resources: paths, entity tags and If-Match (RFC 9725 4.2, 4.3.1)."""

import enum


class Protocol(enum.Enum):
    """Which of the two a resource belongs to; the value is the first part of its path."""

    WHIP = "whip"
    WHEP = "whep"


def resource_path(protocol: Protocol, stream: str, resource_id: str) -> str:
    """Location of a resource; the names hold only characters that need no escape."""
    return f"/{protocol.value}/{stream}/{resource_id}"


def entity_tag(random_bytes: bytes) -> str:
    """A strong entity tag of a new ICE session (RFC 9110 8.8.3)."""
    return f'"{random_bytes.hex()}"'


def if_match_admits(header: str | None, etag: str) -> bool:
    """Whether If-Match allows a change of the ICE session with this tag.

    A missing header does: the letter of RFC 9725 asks for 428, but whip-whep.js and Eyevinn's client send none with
    their candidates. ``*`` comes with and without quotes, since the RFC's own example has them.
    """
    return header is None or etag in _tags(header) or if_match_is_any(header)


def if_match_is_any(header: str | None) -> bool:
    """Whether If-Match is ``*``: this is how a client asks for an ICE restart (RFC 9725 4.3.3)."""
    return header is not None and bool(_tags(header) & {"*", '"*"'})


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}
