"""Pure: how long a network holds a packet, and which ones it loses.

A link is one direction of one protocol between the viewer and the node: a bottleneck of some rate with a short queue
before it, and the way after it. Datagrams are lost; of a byte stream nothing is, but what a lost segment holds comes
one round trip later, when it was sent again, and all behind it waits (RFC 9293 3.8, RFC 5681 3.2). What a sender makes
of it, such as a smaller congestion window, is left to the sender: a relay cannot slow down a TCP it is not part of.
"""

from collections.abc import Callable
from dataclasses import dataclass

QUEUE_S = 0.2  # of packets before the bottleneck; home routers have between 50 ms and a second
SEGMENT_BYTES = 1448  # of a byte stream in one packet of 1500
_BITS = 8


@dataclass(frozen=True, slots=True)
class Network:
    """What lies between the viewer and the node.

    Attributes:
        name: as it is asked for.
        round_trip_s: there and back; half of it each way.
        loss: share of packets that is lost, each by itself.
        rate_bps: of each direction; None for no bottleneck.
        halves: after a third of the measurement only half of the rate is left.
    """

    name: str
    round_trip_s: float = 0.0
    loss: float = 0.0
    rate_bps: int | None = None
    halves: bool = False


NETWORKS = {
    network.name: network
    for network in (
        Network("direct"),
        Network("rtt20", round_trip_s=0.02),
        Network("rtt50", round_trip_s=0.05),
        Network("rtt100", round_trip_s=0.1),
        Network("loss1", round_trip_s=0.02, loss=0.01),
        Network("halving", round_trip_s=0.02, rate_bps=6_000_000, halves=True),
    )
}


def network_of(name: str) -> Network:
    """A network by its name; raises ValueError."""
    if name not in NETWORKS:
        raise ValueError(f"network {name[:40]!r} refused: it must be one of {', '.join(NETWORKS)}")
    return NETWORKS[name]


class Link:
    """When packets that are sent one way arrive. Times in seconds, of any clock.

    Args:
        network: that it is a part of.
        draw: a random number from 0 up to 1.
    """

    def __init__(self, network: Network, draw: Callable[[], float]) -> None:
        self._network = network
        self._draw = draw
        self._rate_bps = network.rate_bps
        self._free_s = 0.0  # the bottleneck has nothing to send from then on
        self._last_s = 0.0  # arrival of what was sent last

    def halve(self) -> None:
        """From now on half of the rate is left."""
        if self._rate_bps is not None:
            self._rate_bps //= 2

    def backlog_s(self, now_s: float) -> float:
        """How long a packet sent now would wait for the bottleneck."""
        return max(0.0, self._free_s - now_s)

    def datagram(self, size_bytes: int, now_s: float) -> float | None:
        """When a datagram arrives; None if it does not."""
        if self._draw() < self._network.loss or self.backlog_s(now_s) > QUEUE_S:
            return None
        return self._pass(size_bytes, now_s)

    def stream(self, size_bytes: int, now_s: float) -> float:
        """When a piece of a byte stream is there, in order; whoever sends waits while there is a backlog."""
        segments = -(-size_bytes // SEGMENT_BYTES)
        lost = self._draw() < 1 - (1 - self._network.loss) ** segments
        return self._pass(size_bytes, now_s, self._network.round_trip_s if lost else 0.0)

    def _pass(self, size_bytes: int, now_s: float, again_s: float = 0.0) -> float:
        self._free_s = max(self._free_s, now_s)
        if self._rate_bps is not None:
            self._free_s += size_bytes * _BITS / self._rate_bps
        arrival_s = self._free_s + self._network.round_trip_s / 2 + again_s
        self._last_s = max(self._last_s, arrival_s)
        return self._last_s
