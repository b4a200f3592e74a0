"""Edge: the thread of the audio rendition: Opus packets to continuous samples to AAC to parts."""

import queue
import threading
from collections import deque
from collections.abc import Callable

import numpy as np

from infra.clock import Clock
from transcoder.access_unit import AccessUnit
from transcoder.audio_clock import AudioClock
from transcoder.cmaf import audio_init
from transcoder.decoder import Samples, SoundDecoder
from transcoder.encoders import AAC_BITRATE_BPS, AAC_FRAME_SAMPLES, SoundEncoder
from transcoder.lateness import Lateness
from transcoder.packager import Packager
from transcoder.segmenter import Schedule
from transcoder.timeline import AUDIO_TIMESCALE, Timeline

CHANNELS = 2
QUEUE_UNITS = 512  # ten seconds of Opus packets
HELD_UNITS = 256  # before the schedule is anchored
TICK_S = 0.02


class SoundThread:
    """Owns its decoder and encoder. Holds packets until the schedule is anchored; from then on there are no gaps."""

    def __init__(
        self,
        clock: Clock,
        timeline: Timeline,
        emit: Callable[[bytes], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        self._clock = clock
        self._timeline = timeline
        self._emit = emit
        self._fail = fail
        self._queue: queue.Queue[AccessUnit | Schedule | None] = queue.Queue(QUEUE_UNITS)
        self._thread = threading.Thread(target=self._run, name="sound", daemon=True)
        self._lateness = Lateness()
        self._packager = Packager(timeline, AUDIO_TIMESCALE)
        self._pending: Samples = np.zeros((CHANNELS, 0), np.float32)

    def start(self) -> None:
        """Wait for packets and for the anchor."""
        self._thread.start()

    def put(self, unit: AccessUnit) -> bool:
        """Hand over a packet; False if it is lost because too many wait."""
        try:
            self._queue.put_nowait(unit)
        except queue.Full:
            return False
        return True

    def anchor(self, schedule: Schedule) -> None:
        """The rendition begins: emit its init section, then audio from the anchor on."""
        self._queue.put(schedule)

    def finish(self) -> None:
        """Code what waits, close the last part. Returns when the thread has ended."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            schedule, held = self._wait_for_anchor()
            if schedule is not None:
                self._work(schedule, held)
        except BaseException as error:  # noqa: BLE001  # whatever it was, the worker must end and be replaced
            self._fail(error)

    def _wait_for_anchor(self) -> tuple[Schedule | None, deque[AccessUnit]]:
        held: deque[AccessUnit] = deque(maxlen=HELD_UNITS)
        while isinstance(item := self._queue.get(), AccessUnit):
            held.append(item)
        return item, held

    def _work(self, schedule: Schedule, held: deque[AccessUnit]) -> None:
        decoder, encoder = SoundDecoder(), SoundEncoder()
        self._emit(audio_init(encoder.asc, AUDIO_TIMESCALE, CHANNELS, AAC_BITRATE_BPS))
        start = self._timeline.index_samples(schedule.anchor_index)
        clock = AudioClock(start)
        coded = _Coded(encoder, schedule, start)
        for unit in held:
            self._place(unit, decoder, clock)
        while True:
            try:
                item = self._queue.get(timeout=TICK_S)
            except queue.Empty:
                self._fill_overdue(clock)
            else:
                if not isinstance(item, AccessUnit):
                    break
                self._lateness.observe(item.capture_ns, self._clock.now_ns())
                self._place(item, decoder, clock)
            self._encode(coded)
        coded.drain(self._packager, self._emit)

    def _place(self, unit: AccessUnit, decoder: SoundDecoder, clock: AudioClock) -> None:
        samples = decoder.decode(unit)
        if samples is None:
            return
        place = clock.place(self._timeline.capture_samples(unit.capture_ns), samples.shape[1])
        rest = _resample(samples[:, place.skip :], place.length)
        silence = np.zeros((CHANNELS, place.silence), np.float32)
        self._pending = np.concatenate([self._pending, silence, rest], axis=1)

    def _fill_overdue(self, clock: AudioClock) -> None:
        silence = clock.fill(self._timeline.capture_samples(self._lateness.due_ns(self._clock.now_ns())))
        if silence:
            self._pending = np.concatenate([self._pending, np.zeros((CHANNELS, silence), np.float32)], axis=1)

    def _encode(self, coded: "_Coded") -> None:
        while self._pending.shape[1] >= AAC_FRAME_SAMPLES:
            samples, self._pending = self._pending[:, :AAC_FRAME_SAMPLES], self._pending[:, AAC_FRAME_SAMPLES:]
            coded.encode(samples, self._packager, self._emit)


class _Coded:
    """The coded side: numbers frames, cuts parts by the schedule."""

    def __init__(self, encoder: SoundEncoder, schedule: Schedule, start: int) -> None:
        self._encoder = encoder
        self._schedule = schedule
        self._start = start
        self._fed = start
        self._end = start

    def encode(self, samples: Samples | None, packager: Packager, emit: Callable[[bytes], None]) -> None:
        for position, data in self._encoder.encode(samples, self._fed):
            if position >= self._start:  # the frame before it primes the decoder and is not published
                self._add(position, data, packager, emit)
        self._fed += AAC_FRAME_SAMPLES

    def _add(self, position: int, data: bytes, packager: Packager, emit: Callable[[bytes], None]) -> None:
        packager.add(position, data, sync=True)
        self._end = position + AAC_FRAME_SAMPLES
        here = self._schedule.place_of_samples(position - self._start)
        following = self._schedule.place_of_samples(self._end - self._start)
        if here != following:
            emit(packager.close_part(self._end, ends_segment=here.segment != following.segment))

    def drain(self, packager: Packager, emit: Callable[[bytes], None]) -> None:
        self.encode(None, packager, emit)
        if last := packager.close_part(self._end, ends_segment=True):
            emit(last)


def _resample(samples: Samples, length: int) -> Samples:
    """The same sound in a few samples more or less, by linear interpolation."""
    count = samples.shape[1]
    if length == count or not count:
        return samples
    positions = np.linspace(0, count - 1, length)
    return np.stack([np.interp(positions, np.arange(count), channel) for channel in samples]).astype(np.float32)
