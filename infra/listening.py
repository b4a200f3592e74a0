"""Edge: the HTTP port, bound before anything else starts: its number is known, and a port in use is one clear line."""

import asyncio
import errno
import ipaddress
import socket
from collections.abc import Sequence

from infra.errors import TandemError

ALL_TO_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # bound to all: this host reaches it there


class CannotListen(TandemError):
    """A port is in use, or an address is not ours."""


async def bind_http(host: str, port: int, protocol: str = "TCP") -> socket.socket:
    """A bound TCP socket, not yet listening; port 0 takes a free one; `protocol` is for the complaint.

    Raises:
        CannotListen: it cannot be bound.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind(address)
        except BaseException:
            sock.close()
            raise
    except OSError as error:
        raise cannot_listen(protocol, host, port, error) from error
    return sock


async def resolve_announced(names: Sequence[str]) -> list[str]:
    """The addresses to announce, each resolved.

    Raises:
        ValueError: one is neither an address nor a name that resolves.
    """
    loop = asyncio.get_running_loop()
    addresses: list[str] = []
    for name in names:
        try:
            found = await loop.getaddrinfo(name, None, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:  # UnicodeError: no host can have such a name
            reason = getattr(error, "strerror", None) or error
            raise ValueError(f"announced address {name[:200]!r} refused: {reason}") from error
        _, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        addresses.append(str(address[0]))
    return addresses


def cannot_listen(protocol: str, host: str, port: int, error: OSError) -> CannotListen:
    """The sentence for a port that could not be bound."""
    if error.errno == errno.EADDRINUSE:
        flag = {"TCP": "--port", "UDP": "--udp-port", "HTTPS": "--https-port"}[protocol]
        return CannotListen(f"{protocol} port {port} of {host} is in use; choose another one with {flag}")
    return CannotListen(f"cannot listen on {protocol} port {port} of {host}: {error.strerror or error}")


def url_of(sock: socket.socket) -> str:
    """The URL by which this host reaches a bound socket, without a slash at the end."""
    address, port = sock.getsockname()[:2]
    address = ALL_TO_LOOPBACK.get(address, address)
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def is_exposed(sock: socket.socket) -> bool:
    """Whether other hosts can reach a bound socket."""
    return not ipaddress.ip_address(sock.getsockname()[0].partition("%")[0]).is_loopback
