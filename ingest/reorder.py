"""Pure: packets back in the order of sending, waiting a bounded time for those that are missing.

Theory of operation. Packets come in under unwrapped sequence numbers (`ingest.serial`). `pop` hands out what follows on
what it handed out before. At a hole it waits: until the missing packet comes (reordered or retransmitted), until the
first packet behind the hole has waited `wait_ns`, or until more than `max_packets` are held; then the hole is lost for
ever and the next packet says so with its `lost_before`. A packet from before what was handed out, or one that is held
already, is refused.

Invariants: handed out sequence numbers rise; every one is handed out at most once; no more than `max_packets + 1` are
held; nothing is held longer than `wait_ns` past the next call of `pop`, however many holes there are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Ordered(Generic[Item]):
    """One packet in order.

    Attributes:
        item: what was pushed.
        arrival_ns: when.
        lost_before: packets that were given up between the packet handed out before and this one.
    """

    item: Item
    arrival_ns: int
    lost_before: int


class ReorderBuffer(Generic[Item]):
    """See the module's theory of operation.

    Args:
        wait_ns: how long a hole may hold up the packets behind it.
        max_packets: how many may be held.
    """

    __slots__ = ("_held", "_max_packets", "_wait_ns", "next_sequence")

    def __init__(self, wait_ns: int, max_packets: int) -> None:
        self._wait_ns = wait_ns
        self._max_packets = max_packets
        self._held: dict[int, tuple[int, Item]] = {}  # in order of arrival, so the first one has waited longest
        self.next_sequence: int | None = None

    def __len__(self) -> int:
        return len(self._held)

    def push(self, sequence: int, item: Item, arrival_ns: int) -> bool:
        """Take one packet.

        Returns:
            False if it is a duplicate or comes after its place was handed out.
        """
        if self.next_sequence is None:
            self.next_sequence = sequence
        if sequence < self.next_sequence or sequence in self._held:
            return False
        self._held[sequence] = (arrival_ns, item)
        return True

    def pop(self, now_ns: int) -> Iterator[Ordered[Item]]:
        """The packets that are in order now; holes whose time is over are skipped."""
        if self.next_sequence is None:
            return
        while self._held:
            lost = 0
            if self.next_sequence not in self._held:
                longest_ns, _ = next(iter(self._held.values()))
                if now_ns - longest_ns < self._wait_ns and len(self._held) <= self._max_packets:
                    return
                following = min(self._held)
                lost = following - self.next_sequence
                self.next_sequence = following
            arrival_ns, item = self._held.pop(self.next_sequence)
            self.next_sequence += 1
            yield Ordered(item, arrival_ns, lost)
