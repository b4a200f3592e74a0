"""Edge: what the kernel tells of a datagram besides its bytes: when it came, and to which local address.

A socket that is bound to all addresses lets the kernel choose the one it answers from: that of the route back, which on
a machine with several addresses need not be the one the peer has sent to. ICE takes an answer from elsewhere for none
(RFC 8445 7.2.5.2.1), so the answer is sent with the address the check came to (``IP_PKTINFO``, RFC 3542 6).
"""

import contextlib
import ipaddress
import socket
import struct
import time
from collections.abc import Sequence

from infra.clock import NS_PER_S

Ancillary = Sequence[tuple[int, int, bytes]]

_SO_TIMESTAMPNS = 35  # Linux asm-generic/socket.h; Python has no name for it
_TIMESPEC = struct.Struct("@qq")
_IP_PKTINFO = 8  # Linux linux/in.h; Python has a name for it from 3.14 on
_PKTINFO_V4 = struct.Struct("@i4s4s")  # interface, local address, destination in the header
_PKTINFO_V6 = struct.Struct("@16si")  # destination, interface
_MAX_WAIT_NS = NS_PER_S  # in the socket's buffer; a longer one is a step of the machine's clock

ANCILLARY_BYTES = socket.CMSG_SPACE(_TIMESPEC.size) + socket.CMSG_SPACE(_PKTINFO_V6.size)


def tell_arrivals(sock: socket.socket, *, addresses: bool) -> None:
    """Make the kernel tell of each datagram what it can.

    Args:
        sock: a UDP socket.
        addresses: also the local address it came to.
    """
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    if not addresses:
        return
    with contextlib.suppress(OSError):
        if sock.family == socket.AF_INET6:  # IPv4 comes to it with mapped addresses
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)


def waited_ns(ancillary: Ancillary) -> int:
    """How long a datagram waited in the socket's buffer; 0 where the kernel does not tell when it came."""
    for level, kind, data in ancillary:
        if (level, kind, len(data)) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS, _TIMESPEC.size):
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            waited: int = time.time_ns() - seconds * NS_PER_S - nanoseconds
            return waited if 0 <= waited <= _MAX_WAIT_NS else 0
    return 0


def answer_from(ancillary: Ancillary) -> Ancillary:
    """What to send along for an answer to leave from where the datagram came to; empty leaves it to the kernel."""
    for level, kind, data in ancillary:
        if (level, kind, len(data)) == (socket.IPPROTO_IP, _IP_PKTINFO, _PKTINFO_V4.size):
            _, local, _ = _PKTINFO_V4.unpack(data)
            return [(level, kind, _PKTINFO_V4.pack(0, local, bytes(4)))]  # the way out is the routes' to choose
        if (level, kind, len(data)) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, _PKTINFO_V6.size):
            local, interface = _PKTINFO_V6.unpack(data)
            scope = interface if ipaddress.IPv6Address(local).is_link_local else 0
            return [(level, kind, _PKTINFO_V6.pack(local, scope))]
    return ()
