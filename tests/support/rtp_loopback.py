"""A network in memory with seeded loss, delay and reordering, on a clock that is moved by hand."""

import heapq
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from ingest.tracks import TrackPlan
from transcoder.access_unit import Codec, Track

if TYPE_CHECKING:
    from ingest.transport import MediaSink

MS = 1_000_000


class ManualClock:
    """A `infra.clock.Clock` that stands still until it is moved."""

    def __init__(self, now_ns: int = 1_700_000_000_000_000_000) -> None:
        self.now = now_ns

    def now_ns(self) -> int:
        return self.now


class RecordingTransport:
    """A `MediaTransport` that keeps what it is given; ``room`` is how many packets it takes before it is full."""

    def __init__(self, room: int | None = None) -> None:
        self.rtp: list[tuple[bytes, bytes]] = []
        self.rtcp: list[bytes] = []
        self.room = room

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)

    def send_rtp(self, packets: Sequence[tuple[bytes, bytes]]) -> int:
        fits = len(packets) if self.room is None else min(len(packets), self.room)
        self.rtp += packets[:fits]
        if self.room is not None:
            self.room -= fits
        return len(packets) - fits


class Network:
    """Carries packets between the ends of `Link`s when its clock is moved."""

    def __init__(self, clock: ManualClock, seed: int, *, loss: float, delay_ms: int, jitter_ms: int) -> None:
        self.clock = clock
        self._random = random.Random(seed)
        self._loss, self._delay_ms, self._jitter_ms = loss, delay_ms, jitter_ms
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._count = 0
        self.perfect = False  # neither loss nor jitter
        self.cut = False  # nothing comes through

    def carry(self, deliver: Callable[[int], None]) -> None:
        """Deliver later, or never."""
        lost, jitter = self._random.random() < self._loss, self._random.random() * self._jitter_ms
        if self.cut or (lost and not self.perfect):
            return
        delay_ns = round((self._delay_ms + (0 if self.perfect else jitter)) * MS)
        self._count += 1
        heapq.heappush(self._due, (self.clock.now + delay_ns, self._count, deliver))

    def run_until(self, end_ns: int, tick: Callable[[int], None], every_ns: int = 15 * MS) -> None:
        """Move the clock to the end, deliver what is due on the way, call ``tick`` every so often."""
        while self.clock.now < end_ns:
            step_ns = min(self.clock.now + every_ns, end_ns)
            while self._due and self._due[0][0] <= step_ns:
                due_ns, _, deliver = heapq.heappop(self._due)
                self.clock.now = max(self.clock.now, due_ns)
                deliver(self.clock.now)
            self.clock.now = step_ns
            tick(step_ns)


class Link:
    """A `MediaTransport` whose packets reach the sink at the other end."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.sink: MediaSink | None = None

    def send_rtcp(self, packet: bytes) -> None:
        sink = self.sink
        assert sink is not None
        self._network.carry(partial(sink.on_rtcp, packet))

    def send_rtp(self, packets: Sequence[tuple[bytes, bytes]]) -> int:
        sink = self.sink
        assert sink is not None
        for header, payload in packets:
            self._network.carry(partial(sink.on_rtp, header + payload))
        return 0


def video_plan(codec: Codec = Codec.H264) -> TrackPlan:
    """Video with everything negotiated."""
    return TrackPlan(
        Track.VIDEO, "0", codec, 96, 90_000, 97, 0x11111111, 0x22222222, 4, 5, nack=True, pli=True, transport_cc=True
    )


def audio_plan() -> TrackPlan:
    """Opus as browsers negotiate it: without repair."""
    return TrackPlan(Track.AUDIO, "1", Codec.OPUS, 111, 48_000, None, 0x33333333, None, 4, 5, transport_cc=True)
