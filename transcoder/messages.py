"""Pure: what a node and its worker tell each other besides media, as JSON.

The node gives the worker its job on standard input. The worker answers on the socket pair, one message a line: that it
wants a keyframe, that a part left and when, and every second its figures. The end of the access units, the node's half
of the socket closed, is the order to finish.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, fields
from typing import Any

from infra.ids import RenditionName, SessionId, StreamName
from infra.stage_times import CodedPart, Placed

MAX_LINE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Job:
    """All that a worker needs to know.

    Attributes:
        stream: name of the stream.
        session: the session it transcodes.
        base_url: of the origin it pushes to.
        token: bearer token of the origin's ingest.
        epoch_ns: zero of the session's timeline, Unix nanoseconds.
        clock_anchor_ns: of the node's clock.
        profile: latency profile.
        frame_rate: of the grid.
        max_rungs: of the ladder.
        preset: of libx264.
        video: the publisher announced video.
        audio: the publisher announced audio.
        log_format: as in the settings.
        log_level: as in the settings.
    """

    stream: StreamName
    session: SessionId
    base_url: str
    token: str
    epoch_ns: int
    clock_anchor_ns: int
    profile: str
    frame_rate: int
    max_rungs: int
    preset: str
    video: bool
    audio: bool
    log_format: str
    log_level: str


@dataclass(frozen=True, slots=True)
class WorkerStats:
    """A worker's figures, counted since it began.

    Attributes:
        decoded: pictures decoded.
        dropped: pictures that found no slot on the grid.
        repeated: slots that repeat a picture.
        skipped: pictures left out of a rung under overload.
        shed: rungs reduced to one picture a part.
        lost: access units that found no place in the worker's queues.
        width: of the source's last picture, 0 before the first.
        height: of the source's last picture.
        lag_ms: from capture to coded in the slowest rung.
        cpu_ms: CPU time of the process.
    """

    decoded: int = 0
    dropped: int = 0
    repeated: int = 0
    skipped: int = 0
    shed: int = 0
    lost: int = 0
    width: int = 0
    height: int = 0
    lag_ms: int = 0
    cpu_ms: int = 0


class KeyframeWanted:
    """The decoder cannot go on without a keyframe."""


@dataclass(frozen=True, slots=True)
class PartLeft:
    """A part was pushed.

    Attributes:
        part: of whichever rendition.
        placed: the pictures that found their slots since the last such message, of any rendition.
    """

    part: CodedPart
    placed: tuple[Placed, ...]


Message = WorkerStats | KeyframeWanted | PartLeft
_STATS_FIELDS = {field.name for field in fields(WorkerStats)}


def print_job(job: Job) -> bytes:
    """The job as JSON."""
    return json.dumps(asdict(job)).encode()


def parse_job(data: bytes) -> Job:
    """The job from JSON.

    Raises:
        ValueError, TypeError: it is none.
    """
    return Job(**json.loads(data))


def print_message(message: Message) -> bytes:
    """A message as a line."""
    return json.dumps(_body(message), separators=(",", ":")).encode() + b"\n"


def _body(message: Message) -> dict[str, Any]:
    match message:
        case WorkerStats():
            return {"stats": asdict(message)}
        case PartLeft(part, placed):
            return {"part": astuple(part), "placed": [astuple(each) for each in placed]}
    return {"keyframe": True}


class MessageReader:
    """Splits what a worker writes into messages; a line that is none is passed over, an endless one is cut."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are whole after these bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-MAX_LINE_BYTES:]
        for line in lines:
            if (message := _parse(line)) is not None:
                yield message


def _parse(line: bytes) -> Message | None:
    try:
        body = json.loads(line)
    except ValueError:
        return None
    match body:
        case {"keyframe": True}:
            return KeyframeWanted()
        case {"stats": dict(stats)} if stats.keys() == _STATS_FIELDS and all(type(n) is int for n in stats.values()):
            return WorkerStats(**stats)
        case {"part": [str(name), int(start_ns), int(closed_ns), int(pushed_ns), list(coded)], "placed": list(placed)}:
            times = (start_ns, closed_ns, pushed_ns)
            return _part_left(RenditionName(name), times, coded, placed)
    return None


def _part_left(name: RenditionName, times: tuple[int, int, int], coded: list[Any], placed: list[Any]) -> Message | None:
    try:
        pairs = tuple((int(grid_ns), int(coded_ns)) for grid_ns, coded_ns in coded)
        return PartLeft(CodedPart(name, *times, pairs), tuple(Placed(*map(int, each)) for each in placed))
    except (TypeError, ValueError):
        return None
