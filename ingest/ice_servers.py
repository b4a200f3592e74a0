"""Pure: the STUN and TURN servers that browsers are told of: checked, as Link headers, as JSON."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_URL = re.compile(  # RFC 7064 3.1, RFC 7065 3.1
    r"(?:stuns?:{host}(?::\d{{1,5}})?|turns?:{host}(?::\d{{1,5}})?(?:\?transport=(?:udp|tcp))?)".format(
        host=r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])"
    )
)


@dataclass(frozen=True, slots=True)
class IceServer:
    """One server; ``url`` has the scheme stun, stuns, turn or turns."""

    url: str


def read_ice_servers(urls: Iterable[str]) -> tuple[IceServer, ...]:
    """The servers of the settings.

    Raises:
        ValueError: one is not a STUN or TURN URL.
    """
    servers = []
    for url in urls:
        if not _URL.fullmatch(url):
            raise ValueError(
                f"ICE server {url!r} refused: it must be stun:HOST[:PORT] or turn:HOST[:PORT][?transport=udp]"
            )
        servers.append(IceServer(url))
    return tuple(servers)


def ice_server_links(servers: Sequence[IceServer]) -> list[str]:
    """One Link header field value for each server (RFC 9725 4.6)."""
    return [f'<{server.url}>; rel="ice-server"' for server in servers]


def ice_servers_json(servers: Sequence[IceServer]) -> list[dict[str, list[str]]]:
    """As the browser's RTCConfiguration takes them."""
    return [{"urls": [server.url]} for server in servers]
