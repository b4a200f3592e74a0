"""Edge: segments of a recording into one MP4 file, without re-encoding; blocks, so it runs in a thread of its own."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import av
from av.container import InputContainer

from infra.ids import RenditionName
from origin.mp4_plan import Mp4Plan, Mp4Track, Stretch
from origin.names import init_file, segment_file

if TYPE_CHECKING:
    Packet = av.Packet[Any]  # generic for type checkers alone

Fetch = Callable[[RenditionName, str], bytes]  # the bytes of a rendition's file; blocks

_FASTSTART = {"movflags": "faststart"}  # the index goes in front: players begin before they have the whole file


class _Reader(Protocol):
    """What libav reads a file from."""

    def read(self, size: int) -> bytes: ...


class _Joined:
    """Files one after another as one that is read forwards; one of them is held at a time."""

    __slots__ = ("_files", "_rest")

    def __init__(self, files: Iterator[bytes]) -> None:
        self._files = files
        self._rest = b""

    def read(self, size: int) -> bytes:
        """At most so many bytes; none at the end."""
        while not self._rest:
            following = next(self._files, None)
            if following is None:
                return b""
            self._rest = following
        given, self._rest = self._rest[:size], self._rest[size:]
        return given


def remux(plan: Mp4Plan, fetch: Fetch, path: Path) -> bool:
    """Write the file of a plan; whether there was anything to write, because libav passes over what is damaged.

    Args:
        plan: what goes into it.
        fetch: reads segments, one after another.
        path: of the file; replaced if it is there.

    Raises:
        av.FFmpegError: libav cannot read the media, or not write the file.
    """
    with ExitStack() as closing:
        output = closing.enter_context(av.open(str(path), "w", format="mp4", options=_FASTSTART))
        packets = [_packets(track, fetch, output, closing) for track in plan.tracks]
        written = False
        for _, packet in heapq.merge(*packets, key=lambda timed: timed[0]):
            output.mux(packet)
            written = True
    return written


def _packets(
    track: Mp4Track, fetch: Fetch, output: av.container.OutputContainer, closing: ExitStack
) -> Iterator[tuple[float, "Packet"]]:
    """The packets of one track on the file's timeline, with their decode times in seconds.

    The first stretch is opened at once: it is the model of the file's track, and all tracks must be there before the
    first packet is written.
    """
    first = _open(track, track.stretches[0], fetch, closing)
    target = output.add_stream_from_template(first.streams[0])
    target.time_base = first.streams[0].time_base

    def run() -> Iterator[tuple[float, "Packet"]]:
        container, free_ticks = first, 0
        for number, stretch in enumerate(track.stretches):
            if number > 0:
                container.close()
                container = _open(track, stretch, fetch, closing)
            for packet in container.demux():
                if packet.dts is None or packet.pts is None:  # libav's mark of the end
                    continue
                shift_ticks = round(stretch.shift_s / packet.time_base)
                shift_ticks = max(shift_ticks, free_ticks - packet.dts)  # decode times that go back a little are let in
                packet.pts += shift_ticks
                packet.dts += shift_ticks
                free_ticks = packet.dts + 1
                packet.stream = target
                yield float(packet.dts * packet.time_base), packet

    return run()


def _open(track: Mp4Track, stretch: Stretch, fetch: Fetch, closing: ExitStack) -> InputContainer:
    def files() -> Iterator[bytes]:
        yield fetch(track.rendition.name, init_file(track.init))
        for segment in stretch.segments:
            yield fetch(track.rendition.name, segment_file(segment.msn))

    reader: _Reader = _Joined(files())
    return closing.enter_context(av.open(reader, "r", format="mp4"))
