"""Pure: the seam between a secure connection and the RTP code on top of it."""

from collections.abc import Sequence
from typing import Protocol


class MediaTransport(Protocol):
    """A connected DTLS-SRTP peer. All is plain here; protection and sockets are on the other side. Never blocks."""

    def send_rtcp(self, packet: bytes) -> None:
        """Send one compound RTCP packet; silently lost when the peer is gone or the socket is full."""
        ...

    def send_rtp(self, packets: Sequence[tuple[bytes, bytes]]) -> int:
        """Send RTP packets, each a header (with extensions) and a payload, in order.

        Returns:
            How many were lost because the socket was full or the peer gone.
        """
        ...


class MediaSink(Protocol):
    """What a `MediaTransport` delivers to: a publisher's receiver or a viewer's forwarder."""

    def on_rtp(self, packet: bytes, arrival_ns: int) -> None:
        """One RTP packet that passed authentication, header first; Unix nanoseconds of its arrival."""
        ...

    def on_rtcp(self, packet: bytes, arrival_ns: int) -> None:
        """One compound RTCP packet that passed authentication."""
        ...
