"""The worker process and its supervisor: access units in, CMAF out, whatever happens in between."""

import asyncio
import dataclasses
import io
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from infra.clock import SystemClock
from infra.ids import SessionId, StreamName
from infra.settings import Profile, Settings
from support.box_tree import boxes, find, whole_length
from support.coded_clip import Clip
from support.processes import children, command_line
from support.recording_origin import Push, RecordingOrigin, recording_origin
from transcoder.access_unit import AccessUnit, Codec, Track
from transcoder.supervisor import Feed, Supervisor

MS = 1_000_000
BOTH = (Track.VIDEO, Track.AUDIO)
FINISH_TIMEOUT_S = 45.0  # the machine may be busy


class Broadcast:
    """One feed into a real worker that pushes to a recording origin."""

    def __init__(self, origin: RecordingOrigin, feed: Feed, clock: SystemClock, wishes: asyncio.Queue[None]) -> None:
        self.origin = origin
        self.feed = feed
        self.wishes = wishes
        self._clock = clock
        self._shift_ns: int | None = None

    async def send(self, units: Iterable[AccessUnit]) -> None:
        """Push units at their capture instants; the first one is captured now."""
        for unit in units:
            now_ns = self._clock.now_ns()
            if self._shift_ns is None:
                self._shift_ns = now_ns - unit.capture_ns
            capture_ns = unit.capture_ns + self._shift_ns
            if capture_ns > now_ns:
                await asyncio.sleep((capture_ns - now_ns) / 1e9)
            self.feed.push(dataclasses.replace(unit, capture_ns=capture_ns, arrival_ns=self._clock.now_ns()))


@asynccontextmanager
async def broadcast(tracks: tuple[Track, ...] = BOTH, **options: object) -> AsyncIterator[Broadcast]:
    clock = SystemClock()
    wishes: asyncio.Queue[None] = asyncio.Queue()
    settings = Settings(profile=Profile.ULTRA, preset="ultrafast", log_level="error").model_copy(update=options)
    async with recording_origin() as origin:
        supervisor = Supervisor(settings, clock, origin.target, FINISH_TIMEOUT_S)
        try:
            feed = await supervisor.start(StreamName("s"), SessionId("x"), lambda: wishes.put_nowait(None), tracks)
            async with asyncio.timeout(30):
                await wishes.get()  # the worker is there
            yield Broadcast(origin, feed, clock, wishes)
        finally:
            await supervisor.close()


def clip(**options: object) -> Clip:
    return dataclasses.replace(Clip(start_ns=10**18, seconds=2.5), **options)  # type: ignore[arg-type]


def decode_video(push: Push) -> list[VideoFrame]:
    with av.open(io.BytesIO(push.data), "r") as container:
        return list(container.decode(video=0))


def decode_audio(push: Push) -> tuple[Fraction, "np.ndarray[tuple[int, int], np.dtype[np.float32]]"]:
    """Start in seconds, and the samples."""
    with av.open(io.BytesIO(push.data), "r") as container:
        frames = list(container.decode(audio=0))
    assert frames[0].pts is not None
    assert frames[0].time_base is not None
    return frames[0].pts * frames[0].time_base, np.concatenate([frame.to_ndarray() for frame in frames], axis=1)


def assert_on_grid(frames: list[VideoFrame], part_slots: int = 6) -> int:
    """Pictures follow each other on the grid, none left out but under overload; returns how many slots they span."""
    ticks = 3000
    times = [frame.pts for frame in frames if frame.pts is not None]
    assert len(times) == len(frames)
    steps = [b - a for a, b in itertools.pairwise(times)]
    assert all(step > 0 and step % ticks == 0 for step in steps)
    assert max(steps) <= part_slots * ticks  # a part has at least one picture
    return (times[-1] - times[0]) // ticks + 1


def decode_times(push: Push) -> list[int]:
    """Base decode time of each chunk that has come so far."""
    whole = bytes(push.data[: whole_length(push.data)])
    return [
        int.from_bytes(find(contents, b"traf", b"tfdt")[4:], "big")
        for kind, contents in boxes(whole)
        if kind == b"moof"
    ]


@pytest.mark.parametrize("codec", [Codec.H264, Codec.VP8])
async def test_a_clip_becomes_rungs_and_audio_that_decode_on_one_grid(codec: Codec) -> None:
    async with broadcast() as live:
        await live.send(clip(codec=codec, width=640, height=360).units())
        await live.feed.finish()
        origin = live.origin
    assert origin.renditions() == {"360p", "240p", "144p", "audio"}
    assert all(push.ended_cleanly and push.token == "Bearer secret" for push in origin.pushes)
    starts = set()
    for name, height in (("360p", 360), ("240p", 240), ("144p", 144)):
        frames = decode_video(*origin.of(name))
        assert assert_on_grid(frames) >= 70
        assert frames[0].height == height
        keys = [frame.pts for frame in frames if frame.key_frame and frame.pts is not None]
        assert {b - a for a, b in itertools.pairwise(keys[1:])} == {90_000}
        starts.add(keys[0])
    start, samples = decode_audio(*origin.of("audio"))
    assert len(starts) == 1
    assert abs(float(start) - starts.pop() / 90_000) < 0.022
    assert samples.shape[1] >= 2.3 * 48_000


async def test_picture_and_sound_of_the_same_instant_stay_together() -> None:
    async with broadcast() as live:
        await live.send(clip(mark_s=1.5).units())
        await live.feed.finish()
        origin = live.origin
    flash = next(frame for frame in decode_video(*origin.of("180p")) if frame.to_ndarray()[:100].mean() > 200)
    start, samples = decode_audio(*origin.of("audio"))
    click_s = float(start) + int(np.argmax(np.abs(samples[0]) > 0.3)) / 48_000
    assert flash.pts is not None
    assert abs(flash.pts / 90_000 - click_s) <= 0.04


async def test_a_change_of_size_keeps_the_renditions_as_they_are() -> None:
    async with broadcast((Track.VIDEO,)) as live:
        await live.send(clip(seconds=1.0, width=640, height=360).video())
        await live.send(clip(start_ns=10**18 + 10**9, seconds=1.0, width=180, height=320).video())
        await live.feed.finish()
        origin = live.origin
    assert origin.renditions() == {"360p", "240p", "144p"}
    frames = decode_video(*origin.of("360p"))
    assert_on_grid(frames)
    assert {(frame.width, frame.height) for frame in frames} == {(640, 360)}
    last = frames[-1].to_ndarray()
    assert last[:360, :100].mean() < 20  # letterboxed: black at the sides


async def test_sound_alone_becomes_an_audio_rendition() -> None:
    async with broadcast((Track.AUDIO,)) as live:
        await live.send(clip().audio())
        await live.feed.finish()
        origin = live.origin
    assert origin.renditions() == {"audio"}
    assert decode_audio(*origin.of("audio"))[1].shape[1] >= 2.3 * 48_000


async def test_announced_video_that_never_comes_does_not_silence_the_sound() -> None:
    async with broadcast() as live:
        await live.send(clip(seconds=5.0).audio())
        await live.feed.finish()
        assert live.origin.renditions() == {"audio"}


async def test_video_that_nobody_can_decode_does_not_silence_the_sound_for_ever() -> None:
    units = [
        dataclasses.replace(unit, payload=b"\0\0\0\1\x65" + bytes(40)) if unit.track is Track.VIDEO else unit
        for unit in clip(seconds=11.0, width=160, height=90).units()
    ]
    async with broadcast() as live:
        await live.send(units)
        await live.feed.finish()
        assert live.origin.renditions() == {"audio"}


async def test_announced_sound_that_never_comes_is_silence_in_step_with_the_picture() -> None:
    async with broadcast() as live:
        await live.send(clip().video())
        await live.feed.finish()
        origin = live.origin
    _, samples = decode_audio(*origin.of("audio"))
    assert samples.shape[1] >= 1.5 * 48_000
    assert np.abs(samples).max() < 0.001


async def test_a_silent_publisher_s_renditions_go_on_and_its_return_is_seamless() -> None:
    async with broadcast() as live:
        await live.send(clip(seconds=1.0).units())
        await live.origin.until(
            lambda origin: len(origin.pushes) == 2 and all(len(decode_times(push)) >= 14 for push in origin.pushes)
        )
        again = clip(seconds=0.5, start_ns=10**18 + 10**9)
        live._shift_ns = None
        await live.send(again.units())
        await live.feed.finish()
        origin = live.origin
    assert len(origin.pushes) == 2
    frames = decode_video(*origin.of("180p"))
    assert assert_on_grid(frames) > 90
    times = decode_times(*origin.of("audio"))
    assert {b - a for a, b in itertools.pairwise(times)} <= {9 * 1024, 10 * 1024}


async def test_damaged_pictures_cost_a_keyframe_wish_and_nothing_else() -> None:
    units = list(clip(key_every=45).video())
    broken = [
        dataclasses.replace(unit, payload=unit.payload[:5] + bytes(len(unit.payload) - 5)) if 20 <= n < 23 else unit
        for n, unit in enumerate(units)
    ]
    garbage = dataclasses.replace(units[10], payload=b"\0\0\0\1\x65" + os.urandom(300), key=True)
    async with broadcast((Track.VIDEO,)) as live:
        await live.send([*broken[:10], garbage, *broken[10:]])
        await live.feed.finish()
        origin = live.origin
        assert not live.wishes.empty()
    assert_on_grid(decode_video(*origin.of("180p")))


async def test_damaged_sound_is_passed_over() -> None:
    units = [
        dataclasses.replace(unit, payload=b"\xff" * 3) if n % 10 == 5 else unit for n, unit in enumerate(clip().audio())
    ]
    async with broadcast((Track.AUDIO,)) as live:
        await live.send(units)
        await live.feed.finish()
        times = decode_times(*live.origin.of("audio"))
    assert {b - a for a, b in itertools.pairwise(times)} <= {9 * 1024, 10 * 1024}


def worker_pids() -> list[int]:
    """The workers in the order they were started: one at work, one waiting for its turn."""
    return [pid for pid in children(os.getpid()) if b"transcoder.worker" in command_line(pid)]


async def test_a_killed_worker_is_replaced_and_its_timeline_goes_on() -> None:
    units = clip(seconds=25.0, width=160, height=90, key_every=15).units()
    async with broadcast() as live:
        sending = asyncio.create_task(live.send(units))
        await live.origin.until(
            lambda origin: len(origin.pushes) == 2 and all(len(decode_times(push)) >= 3 for push in origin.pushes)
        )
        first, waiting = worker_pids()
        os.kill(first, signal.SIGKILL)
        await live.origin.until(
            lambda origin: len(origin.of("90p")) == 2 and len(decode_times(origin.of("90p")[1])) > 3
        )
        assert worker_pids()[0] == waiting
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await live.feed.finish()
        for name in ("90p", "audio"):
            before, after = live.origin.of(name)
            assert before.ended_cleanly is False
            assert after.ended_cleanly is True
            assert decode_times(after)[0] > decode_times(before)[-1]
    assert worker_pids() == []


async def test_a_worker_whose_death_is_first_seen_by_a_failing_write_is_replaced() -> None:
    async with broadcast() as live:
        first, waiting = worker_pids()
        os.kill(first, signal.SIGKILL)
        while command_line(first):  # not a moment for the loop to read the end of the socket
            pass
        for unit in clip(seconds=0.2).units():
            live.feed.push(unit)
        async with asyncio.timeout(30):
            await live.wishes.get()  # the next worker is there
        assert worker_pids()[0] == waiting


async def test_a_worker_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    wishes: asyncio.Queue[None] = asyncio.Queue()
    async with recording_origin() as origin:
        supervisor = Supervisor(Settings(log_level="error"), SystemClock(), origin.target)
        with monkeypatch.context() as without_python:
            without_python.setattr(sys, "executable", "/nowhere/python")
            await supervisor.start(StreamName("s"), SessionId("x"), lambda: wishes.put_nowait(None))
        assert worker_pids() == []
        async with asyncio.timeout(30):
            await wishes.get()  # a worker is there
        await supervisor.close()


async def test_a_worker_whose_node_was_gone_before_it_began_ends() -> None:
    stranger = os.getpid() + 1
    worker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "transcoder.worker", "--fd", "0", "--node", str(stranger)),
        stdin=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(30):
        assert await worker.wait() == 1
    assert worker.stdin is not None
    worker.stdin.close()


async def test_an_origin_that_refuses_ends_the_worker_and_not_the_node() -> None:
    clock = SystemClock()
    async with recording_origin() as origin:
        target = dataclasses.replace(origin.target, base_url=origin.target.base_url + "/nowhere")
        supervisor = Supervisor(Settings(log_level="error"), clock, target)
        wishes: asyncio.Queue[None] = asyncio.Queue()
        feed = await supervisor.start(StreamName("s"), SessionId("x"), lambda: wishes.put_nowait(None))
        async with asyncio.timeout(40):
            await wishes.get()
            live = Broadcast(origin, feed, clock, wishes)
            sending = asyncio.create_task(live.send(clip(seconds=10, key_every=5).units()))
            first, _ = worker_pids()
            while first in worker_pids():
                await wishes.get()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await supervisor.close()
    assert worker_pids() == []


async def test_the_only_keyframe_is_not_lost_when_it_is_pushed_at_once() -> None:
    async with recording_origin() as origin:
        clock = SystemClock()
        supervisor = Supervisor(Settings(log_level="error"), clock, origin.target, FINISH_TIMEOUT_S)
        units = list(clip(key_every=10_000).video())
        feed = await supervisor.start(StreamName("s"), SessionId("x"), lambda: None, (Track.VIDEO,))
        live = Broadcast(origin, feed, clock, asyncio.Queue())
        await live.send(units)
        await supervisor.close()
        assert assert_on_grid(decode_video(*origin.of("180p")), part_slots=10) >= 70


async def test_finishing_at_once_leaves_nothing() -> None:
    async with recording_origin() as origin:
        supervisor = Supervisor(Settings(), SystemClock(), origin.target)
        feed = await supervisor.start(StreamName("s"), SessionId("x"), lambda: None)
        await feed.finish()
        await feed.finish()
        await supervisor.close()
    assert worker_pids() == []
