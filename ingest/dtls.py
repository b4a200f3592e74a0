"""Edge: DTLS-SRTP of one peer: aiortc's DTLS transport on our ICE agent, SRTP on the datagram's own stack.

aiortc runs the handshake and says when the peer closes. Media does not go through its queue and task: a datagram is
unprotected and handed to the sink in the callback that read it, and nothing it contains can raise.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

import pylibsrtp
from aiortc import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcdtlstransport import RTCDtlsFingerprint

from ingest import metrics
from ingest.ice import Address
from ingest.transport import MediaSink

_QUEUE_DATAGRAMS = 64  # of a handshake; a real one has six
_EARLY_DATAGRAMS = 64  # media that overtook the last datagram of the handshake
_MAX_SOURCES = 256  # SSRCs of one peer: libsrtp keeps each for ever and looks them up one by one (3 us for a thousand)
_HELLO_REPEAT_S = 0.05  # FFmpeg loses the first ClientHello, and OpenSSL repeats it only after 1 s
_DTLS = range(20, 64)  # first byte (RFC 7983 7)
_RTP = range(128, 192)
_RTCP = range(64, 96)  # second byte without the marker bit (RFC 5761 4)


class BatchSend(Protocol):
    """Sends many packets at once (`ingest.batch`)."""

    def send(self, session: pylibsrtp.Session, address: Address, packets: Sequence[tuple[bytes, bytes]]) -> int:
        """Protect and send headers with their payloads; how many were lost."""
        ...


class Identity:
    """The certificate of this node, one for all connections, and its sha-256 fingerprint."""

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        self.fingerprint: str = next(f.value for f in self.certificate.getFingerprints() if f.algorithm == "sha-256")


class Wire(Protocol):
    """The way to the peer below DTLS."""

    def send(self, data: bytes) -> bool:
        """Send one datagram to the selected address, if there is one."""
        ...

    def destination(self) -> Address | None:
        """The selected address."""
        ...

    def alive(self, now_ns: int) -> None:
        """Something of the peer passed authentication."""
        ...


class _IceSeam:
    """What `RTCDtlsTransport` needs of an `RTCIceTransport`: a role, a queue of datagrams, a way to send."""

    role = "controlled"

    def __init__(self, wire: Wire, *, opens: bool) -> None:
        self._wire = wire
        self._opens = opens
        self._hello: bytes | None = None  # our ClientHello, until the peer's first datagram
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE_DATAGRAMS)
        self._closed = False

    def feed(self, data: bytes) -> bool:
        """Queue a datagram; False if the queue is full."""
        self._hello = None
        if self._closed or self._queue.full():
            return False
        self._queue.put_nowait(data)
        return True

    def close(self) -> None:
        """End the reader with a ConnectionError."""
        self._closed = True
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def _recv(self) -> bytes:
        data = await self._queue.get()
        if data is None:
            self._queue.put_nowait(None)
            raise ConnectionError
        return data

    def repeat_hello(self) -> None:
        """Send our ClientHello again if the peer has not answered it."""
        if self._hello is not None and not self._closed:
            self._wire.send(self._hello)

    async def _send(self, data: bytes) -> None:
        if self._opens:
            self._opens = False
            self._hello = data
        self._wire.send(data)


class DtlsPeer:
    """One peer's DTLS-SRTP association; a `MediaTransport` once `handshake` returned True."""

    def __init__(self, wire: Wire, batch: BatchSend, identity: Identity, fingerprint: str, *, opens: bool) -> None:
        """Prepare the association.

        Args:
            wire: the way to the peer.
            batch: sends its RTP.
            identity: of this node.
            fingerprint: sha-256 of the peer's certificate, from its offer.
            opens: we are the DTLS client.
        """
        self._wire = wire
        self._batch = batch
        self._fingerprint = fingerprint
        self._seam = _IceSeam(wire, opens=opens)
        self._dtls = RTCDtlsTransport(self._seam, [identity.certificate])  # type: ignore[arg-type]
        self._dtls._set_role("client" if opens else "server")  # noqa: SLF001
        self._rx: pylibsrtp.Session | None = None
        self._tx: pylibsrtp.Session | None = None
        self._early: deque[tuple[bytes, int]] = deque(maxlen=_EARLY_DATAGRAMS)
        self._sink: MediaSink | None = None
        self._sources: set[bytes] = set()  # SSRCs that passed authentication
        self.last_media_ns: int | None = None

    async def handshake(self, on_closed: Callable[[], None]) -> bool:
        """Run the handshake; False if it failed.

        Args:
            on_closed: called once when the association ends after it was up.
        """
        parameters = RTCDtlsParameters(fingerprints=[RTCDtlsFingerprint("sha-256", self._fingerprint)])
        repeat = asyncio.get_running_loop().call_later(_HELLO_REPEAT_S, self._seam.repeat_hello)
        try:
            await self._dtls.start(parameters)
        finally:
            repeat.cancel()
        if self._dtls.state != "connected":
            return False
        self._rx, self._tx = self._dtls._rx_srtp, self._dtls._tx_srtp  # noqa: SLF001
        self._dtls.on("statechange", on_closed)  # the only change left is to closed
        return True

    def deliver_to(self, sink: MediaSink) -> None:
        """Hand media to the sink, first what came before the handshake was over."""
        self._sink = sink
        while self._early:
            self._on_srtp(*self._early.popleft())

    def on_datagram(self, data: bytes, arrival_ns: int) -> bool:
        """One datagram of the peer, 1 to 1500 bytes.

        Returns:
            Whether it is for the handshake, which should go on before the next datagram is read: the keys that come
            of it are those of the media right behind. FFmpeg sends all of its first keyframe there, hundreds of them.
        """
        if data[0] in _RTP:
            self._on_srtp(data, arrival_ns)
        elif data[0] in _DTLS and self._seam.feed(data):
            return True
        else:
            metrics.DATAGRAMS_DROPPED.labels("not DTLS or SRTP").inc()
        return False

    def send_rtcp(self, packet: bytes) -> None:
        """See `MediaTransport`."""
        if self._tx is None:
            return
        try:
            protected = self._tx.protect_rtcp(packet)
        except (pylibsrtp.Error, ValueError):  # longer than a datagram
            metrics.DATAGRAMS_DROPPED.labels("not protected").inc()
            return
        self._wire.send(protected)

    def send_rtp(self, packets: Sequence[tuple[bytes, bytes]]) -> int:
        """See `MediaTransport`."""
        address = self._wire.destination()
        if self._tx is None or address is None:
            return len(packets)
        return self._batch.send(self._tx, address, packets)

    def abort(self) -> None:
        """End a handshake that is under way; it then returns False."""
        if self._rx is None:
            self._seam.close()

    async def close(self) -> None:
        """Send close_notify if the association is up, and free it."""
        self._rx = self._tx = self._sink = None
        self._early.clear()
        self._dtls.remove_all_listeners()
        pump = self._dtls._task  # noqa: SLF001
        await self._dtls.stop()
        self._seam.close()
        if pump is not None:
            await asyncio.gather(pump, return_exceptions=True)

    def _on_srtp(self, data: bytes, arrival_ns: int) -> None:
        if self._rx is None or self._sink is None:
            self._early.append((data, arrival_ns))
            return
        is_rtcp = len(data) > 1 and data[1] & 0x7F in _RTCP
        source = data[4:8] if is_rtcp else data[8:12]
        if source not in self._sources and len(self._sources) >= _MAX_SOURCES:
            metrics.DATAGRAMS_DROPPED.labels("too many sources").inc()
            return
        try:
            packet = self._rx.unprotect_rtcp(data) if is_rtcp else self._rx.unprotect(data)
        except pylibsrtp.Error:
            metrics.DATAGRAMS_DROPPED.labels("not authenticated").inc()
            return
        self._sources.add(source)
        self._wire.alive(arrival_ns)
        if is_rtcp:
            self._sink.on_rtcp(packet, arrival_ns)
        else:
            self.last_media_ns = arrival_ns
            self._sink.on_rtp(packet, arrival_ns)
