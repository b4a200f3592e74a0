"""Forwarder to receiver over a network that loses, delays and reorders: what comes out is what went in."""

import pytest

from ingest.forwarder import Forwarder
from ingest.packetize import split_annex_b
from ingest.receiver import Receiver
from ingest.viewer import ViewerSession
from support.coded_media import decode, opus_units, video_units
from support.rtp_loopback import MS, Link, ManualClock, Network, audio_plan, video_plan
from transcoder.access_unit import AccessUnit, Codec, Track


class Path:
    """A forwarder's viewer on one end, a receiver on the other."""

    def __init__(self, seed: int, codec: Codec, *, loss: float, jitter_ms: int, start_ns: int) -> None:
        self.clock = ManualClock(start_ns)
        self.network = Network(self.clock, seed, loss=loss, delay_ms=20, jitter_ms=jitter_ms)
        self.out: list[AccessUnit] = []
        self.wanted = 0
        plans = [video_plan(codec), audio_plan()]
        down, up = Link(self.network), Link(self.network)
        self.viewer = ViewerSession(plans, down, self.clock, self._want)
        self.receiver = Receiver(plans, up, self.clock, self.out.append)
        down.sink, up.sink = self.receiver, self.viewer
        self.forwarder = Forwarder()
        self.forwarder.add(self.viewer)

    def _want(self) -> None:
        self.wanted += 1

    def play(self, units: list[AccessUnit]) -> None:
        for unit in sorted(units, key=lambda unit: unit.capture_ns):
            self.network.run_until(unit.capture_ns, self.receiver.tick)
            self.forwarder.push(unit)

    def settle(self) -> None:
        self.network.run_until(self.clock.now + 1000 * MS, self.receiver.tick)

    def track(self, track: Track) -> list[AccessUnit]:
        return [unit for unit in self.out if unit.track is track]


def content(units: list[AccessUnit]) -> list[list[bytes]]:
    if units and units[0].codec is Codec.H264:
        return [list(split_annex_b(unit.payload)) for unit in units]
    return [[unit.payload] for unit in units]


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
@pytest.mark.parametrize(("seed", "loss", "jitter_ms"), [(1, 0.0, 0), (2, 0.02, 10), (3, 0.1, 30)])
def test_every_picture_survives_loss_because_it_is_asked_for_again(
    codec: Codec, seed: int, loss: float, jitter_ms: int
) -> None:
    source = list(video_units(codec, slices=2 if codec is Codec.H264 else 1))
    path = Path(seed, codec, loss=loss, jitter_ms=jitter_ms, start_ns=source[0].capture_ns)
    path.network.perfect = True  # nothing tells that a packet was before the very first, or behind the very last
    path.play(source[:2])
    path.network.perfect = False
    path.play(source[2:-1])
    path.network.perfect = True
    path.play(source[-1:])
    path.settle()
    received = path.track(Track.VIDEO)
    assert content(received) == content(source)
    assert [unit.key for unit in received] == [unit.key for unit in source]
    assert len(decode(received)) == len(source)
    stats = path.receiver.stats().tracks[0]
    assert (stats.repaired > 0) is (loss > 0)
    assert stats.frames_dropped == 0


def test_capture_times_are_the_senders_within_a_few_milliseconds_once_reports_came() -> None:
    video, audio = list(video_units(count=240)), list(opus_units(400))
    path = Path(4, Codec.H264, loss=0.01, jitter_ms=20, start_ns=video[0].capture_ns)
    path.network.perfect = True
    path.play(video[:2])
    path.network.perfect = False
    path.play(video[2:] + audio)
    path.settle()
    truth: dict[Track, dict[object, int]] = {Track.VIDEO: {}, Track.AUDIO: {}}
    for unit in video:
        truth[Track.VIDEO][tuple(split_annex_b(unit.payload))] = unit.capture_ns
    for unit in audio:
        truth[Track.AUDIO][unit.payload] = unit.capture_ns
    late = video[0].capture_ns + 5000 * MS
    errors = []
    for unit in path.out:
        key = unit.payload if unit.track is Track.AUDIO else tuple(split_annex_b(unit.payload))
        expected = truth[unit.track][key]
        if expected > late:
            errors.append(abs(unit.capture_ns - expected))
    assert len(errors) > 100
    assert max(errors) < 3 * MS
    facts = path.receiver.stats().clock
    assert facts.synchronised
    assert all(track.has_sender_report for track in facts.tracks.values())


def test_lost_sound_is_not_waited_for() -> None:
    audio = list(opus_units(300))
    path = Path(6, Codec.H264, loss=0.05, jitter_ms=5, start_ns=audio[0].capture_ns)
    path.play(audio)
    path.settle()
    received = path.track(Track.AUDIO)
    numbers = [int.from_bytes(unit.payload[1:5]) for unit in received]
    assert numbers == sorted(set(numbers))
    assert 0.9 * len(audio) < len(received) < len(audio)
    waits = [unit.arrival_ns - audio[number].capture_ns for unit, number in zip(received, numbers, strict=True)]
    assert max(waits) <= 100 * MS


def test_without_repair_pictures_stop_at_a_loss_and_go_on_at_a_keyframe() -> None:
    source = list(video_units(gop=45))
    path = Path(8, Codec.H264, loss=0.0, jitter_ms=0, start_ns=source[0].capture_ns)
    path.viewer._on_nack = lambda *_: None  # type: ignore[method-assign]  # a sender without retransmission
    path.play(source[:20])
    path.network.run_until(source[20].capture_ns, path.receiver.tick)
    path.network.cut = True
    path.play(source[20:21])
    path.network.cut = False
    path.play(source[21:])
    path.settle()
    received = path.track(Track.VIDEO)
    assert content(received) == content(source[:20] + source[45:])
    assert len(decode(received)) == len(received)
    assert path.wanted >= 2  # on joining, and after the loss
