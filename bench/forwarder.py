"""Edge: what a WebRTC viewer costs: microseconds a packet and viewers a core, against a plain loop in the same run.

The forwarder (packetise once, headers, SRTP side by side, one segmented write) and the loop (the same packets, one
``Session.protect`` and one ``sendto`` each) take turns, so that other load on the machine meets both.

Run: ``.venv/bin/python bench/forwarder.py [--viewers 20] [--seconds 4]``
"""

import argparse
import socket
import statistics
import struct
import time
from collections.abc import Sequence

from pylibsrtp import Policy, Session

from infra.clock import SystemClock
from ingest.batch import BatchSender
from ingest.forwarder import Forwarder
from ingest.packetize import packetize
from ingest.tracks import TrackPlan
from ingest.viewer import ViewerSession
from transcoder.access_unit import AccessUnit, Codec, Track

BITRATE_BPS = 2_500_000
FRAME_RATE = 30
ROUND_UNITS = 15  # access units in one turn
PLAN = TrackPlan(Track.VIDEO, "0", Codec.H264, 96, 90_000, 97, 1, 2, 4, None, nack=True, pli=True)


def session() -> Session:
    policy = Policy(bytes(44), Policy.SSRC_ANY_OUTBOUND, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM)
    policy.allow_repeat_tx = True
    return Session(policy)


def picture(index: int) -> AccessUnit:
    payload = b"\0\0\0\1\x65" + bytes([1 + index % 200]) * (BITRATE_BPS // 8 // FRAME_RATE)
    at_ns = index * 1_000_000_000 // FRAME_RATE
    return AccessUnit(Track.VIDEO, Codec.H264, True, payload, index * 3000 & 0xFFFFFFFF, at_ns, at_ns)


class BatchTransport:
    """A `MediaTransport` straight into a `BatchSender`."""

    def __init__(self, batch: BatchSender, address: tuple[str, int]) -> None:
        self._batch, self._srtp, self._address = batch, session(), address

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and forget: reports are one packet a second."""
        self._srtp.protect_rtcp(packet)

    def send_rtp(self, packets: Sequence[tuple[bytes, bytes]]) -> int:
        """See `MediaTransport`."""
        return self._batch.send(self._srtp, self._address, packets)


class PlainViewer:
    """The reference: header, protect, sendto, packet by packet."""

    def __init__(self, sock: socket.socket, address: tuple[str, int]) -> None:
        self._sock, self._srtp, self._address = sock, session(), address
        self._sequence = 0

    def send(self, payloads: Sequence[bytes], timestamp: int) -> None:
        """One picture."""
        for index, payload in enumerate(payloads):
            second = 96 | (0x80 if index == len(payloads) - 1 else 0)
            header = struct.pack("!BBHII", 0x80, second, self._sequence, timestamp, 1)
            self._sequence = self._sequence + 1 & 0xFFFF
            try:
                self._sock.sendto(self._srtp.protect(header + payload), socket.MSG_DONTWAIT, self._address)
            except BlockingIOError:
                continue


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=4.0, help="how long to measure")
    options = parser.parse_args()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        far.bind(("127.0.0.1", 0))  # nobody reads: what a receiver costs is not a matter of the sender
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        address = far.getsockname()
        batch, forwarder = BatchSender(near), Forwarder()
        viewers = [
            ViewerSession([PLAN], BatchTransport(batch, address), SystemClock(), lambda: None)
            for _ in range(options.viewers)
        ]
        for viewer in viewers:
            forwarder.add(viewer)
        plain = [PlainViewer(near, address) for _ in range(options.viewers)]
        costs: dict[str, list[float]] = {"forwarder": [], "plain loop": []}
        index, packets = 0, len(packetize(picture(0)))
        end_s = time.monotonic() + options.seconds
        while time.monotonic() < end_s:
            units = [picture(index + step) for step in range(ROUND_UNITS)]
            index += ROUND_UNITS
            begin_s = time.process_time()
            for unit in units:
                forwarder.push(unit)
            middle_s = time.process_time()
            for unit in units:
                payloads = packetize(unit)
                for each in plain:
                    each.send(payloads, unit.rtp_timestamp)
            sent = ROUND_UNITS * packets * options.viewers
            costs["forwarder"].append((middle_s - begin_s) * 1e6 / sent)
            costs["plain loop"].append((time.process_time() - middle_s) * 1e6 / sent)
    print(f"{options.viewers} viewers, {BITRATE_BPS / 1e6} Mbit/s, {packets} packets a picture, AES-256-GCM")
    for name, values in costs.items():
        cost_us = statistics.median(values)
        a_core = 1e6 / (cost_us * packets * FRAME_RATE)
        print(f"{name:>10}: {cost_us:5.2f} us a packet, {a_core:4.0f} viewers a core")
    lost = sum(viewer.stats().packets_lost_here for viewer in viewers)
    ratio = statistics.median(costs["plain loop"]) / statistics.median(costs["forwarder"])
    print(f"     ratio: {ratio:.2f}; {lost} packets lost in the socket")


if __name__ == "__main__":
    main()
