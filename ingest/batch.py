"""Edge: SRTP and the socket for many packets at once: protected side by side in one arena, sent with one system call.

UDP segmentation offload (``UDP_SEGMENT``, Linux 4.18) cuts one large write into datagrams of one size, the last one
perhaps shorter. Measured: 5-6 us a packet against 10 with one call each. Where the kernel or the interface refuses it,
each packet is sent by itself. The socket never blocks: what does not fit into its buffer is lost and counted.
"""

import errno
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

import pylibsrtp

from ingest.arrival import Ancillary
from ingest.ice import Address

try:
    from pylibsrtp._binding import ffi, lib
except ImportError:  # a pylibsrtp that is built in another way still works, packet by packet
    ffi = lib = None

ARENA_BYTES = 65_000  # a segmented write is one datagram to the kernel: below 65507
MAX_SEGMENTS = 64  # of one write (UDP_MAX_SEGMENTS of older kernels)
TRAILER_BYTES = 144  # most that SRTP appends
MAX_PLAIN_BYTES = 1500 - TRAILER_BYTES  # what pylibsrtp accepts, too
MAX_REFUSALS = 8  # in a row; then segmentation is not tried again

_SOL_UDP, _UDP_SEGMENT = 17, 103  # linux/udp.h; the socket module has no names for them
_REFUSED = {errno.EINVAL, errno.EIO, errno.EMSGSIZE, errno.ENOPROTOOPT, errno.EOPNOTSUPP}

Protect = Callable[[int, bytes, bytes], int]  # offset in the arena, header, payload -> size, 0 if it failed


class BatchSender:
    """Sends for all sessions of one UDP socket.

    Args:
        sock: a UDP socket; blocking or not makes no difference.
        answer_from: ancillary data for a peer's address, as `ingest.arrival.answer_from` gives it.
    """

    def __init__(self, sock: socket.socket, answer_from: Callable[[Address], Ancillary] = lambda _address: ()) -> None:
        self._sock = sock
        self._answer_from = answer_from
        self._arena: Any = bytearray(ARENA_BYTES) if ffi is None else ffi.new("char[]", ARENA_BYTES)
        self._view = memoryview(self._arena if ffi is None else ffi.buffer(self._arena))
        self._length: Any = None if ffi is None else ffi.new("int *")
        self._segmentation = True
        self._refusals = 0

    def send(self, session: pylibsrtp.Session, address: Address, packets: Sequence[tuple[bytes, bytes]]) -> int:
        """Protect and send RTP packets, each a header and a payload, in order.

        Args:
            session: outbound SRTP session of the peer.
            address: of the peer, as the socket's family wants it.
            packets: at most `MAX_PLAIN_BYTES` each.

        Returns:
            How many were lost: too large, refused by SRTP, or the socket was full.
        """
        protect = self._protector(session)
        lost = at = begin = count = size = 0
        for header, payload in packets:
            plain = len(header) + len(payload)
            if plain > MAX_PLAIN_BYTES:
                lost += 1
                continue
            if count == MAX_SEGMENTS or at + plain + TRAILER_BYTES > ARENA_BYTES:
                lost += self._flush(begin, at, size, count, address)
                at = begin = count = 0
            protected = protect(at, header, payload)
            if not protected:
                lost += 1
                continue
            if count and protected > size:
                lost += self._flush(begin, at, size, count, address)
                begin, count = at, 0
            size = size if count else protected
            at += protected
            count += 1
            if protected < size:  # only the last of a write may be shorter
                lost += self._flush(begin, at, size, count, address)
                begin, count = at, 0
        return lost + self._flush(begin, at, size, count, address)

    def _protector(self, srtp: pylibsrtp.Session) -> Protect:
        handle = getattr(srtp, "_srtp", None)
        if lib is None or handle is None:
            return self._protect_one_by_one(srtp)
        view, arena, length, context, protect = self._view, self._arena, self._length, handle[0], lib.srtp_protect

        def protect_in_place(at: int, header: bytes, payload: bytes) -> int:
            middle = at + len(header)
            end = middle + len(payload)
            view[at:middle] = header
            view[middle:end] = payload
            length[0] = end - at
            return 0 if protect(context, arena + at, length) else int(length[0])

        return protect_in_place

    def _protect_one_by_one(self, srtp: pylibsrtp.Session) -> Protect:
        def protect(at: int, header: bytes, payload: bytes) -> int:
            try:
                protected = srtp.protect(header + payload)
            except pylibsrtp.Error:
                return 0
            self._view[at : at + len(protected)] = protected
            return len(protected)

        return protect

    def _flush(self, begin: int, end: int, size: int, count: int, address: Address) -> int:
        """Send the packets between two offsets, ``count`` of ``size`` each; how many were lost."""
        if count == 0:
            return 0
        if count == 1 or not self._segmentation:
            return self._send_each(begin, end, size, address)
        control = [(_SOL_UDP, _UDP_SEGMENT, struct.pack("=H", size)), *self._answer_from(address)]
        try:
            self._sock.sendmsg([self._view[begin:end]], control, socket.MSG_DONTWAIT, address)
        except OSError as error:
            if error.errno not in _REFUSED:
                return count
            self._refusals += 1
            self._segmentation = self._refusals < MAX_REFUSALS
            return self._send_each(begin, end, size, address)
        self._refusals = 0
        return 0

    def _send_each(self, begin: int, end: int, size: int, address: Address) -> int:
        lost = 0
        control = self._answer_from(address)
        for at in range(begin, end, size):
            try:
                self._sock.sendmsg([self._view[at : min(at + size, end)]], control, socket.MSG_DONTWAIT, address)
            except OSError:
                lost += 1
        return lost
