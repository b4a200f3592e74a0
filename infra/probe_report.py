"""Pure: what a probe found, in numbers, and as the JSON document of ``tandem probe --json``."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

START_WAIT_S = 10.0  # how long a probe waits for a stream that is just starting


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution in milliseconds; None without samples."""

    p50: float | None
    p95: float | None
    samples: int


@dataclass(frozen=True, slots=True)
class RenditionReport:
    """One HLS rendition; None for what is not known."""

    url: str
    kind: str
    name: str
    width: int | None
    height: int | None
    codecs: str | None
    bandwidth_bps: int | None
    measured_bps: int | None


@dataclass(frozen=True, slots=True)
class HlsReport:
    """What was found at an HLS URL.

    Attributes:
        url: that was probed.
        renditions: all of them.
        target_duration_s: EXT-X-TARGETDURATION.
        part_target_s: PART-TARGET; None without parts.
        hold_back_s: HOLD-BACK; None if not said.
        part_hold_back_s: PART-HOLD-BACK; None if not said.
        clock: whose clock latency was taken by: the node's, the server's Date header (whole seconds), or ours.
        clock_error_ms: by how much that clock can be off, either way; None if nobody can tell.
        latency_ms: age, by the capture clock, of the first picture of each new part when it was listed.
        lateness_ms: how much later than the most punctual one each part was listed.
        problems: rules that were broken.
    """

    url: str
    renditions: Sequence[RenditionReport]
    target_duration_s: float
    part_target_s: float | None
    hold_back_s: float | None
    part_hold_back_s: float | None
    clock: str
    clock_error_ms: float | None
    latency_ms: Spread
    lateness_ms: Spread
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class TrackReport:
    """One track of a WHEP session; ``frames`` counts pictures or audio packets; sizes None for audio."""

    codec: str
    frames: int
    width: int | None
    height: int | None
    bitrate_bps: int


@dataclass(frozen=True, slots=True)
class WhepReport:
    """What was found at a WHEP URL.

    Attributes:
        url: that was probed.
        video: None without.
        audio: None without.
        first_picture_ms: from the offer to the first whole keyframe.
        clock: as in `HlsReport`.
        clock_error_ms: as in `HlsReport`.
        latency_ms: age, by the sender reports' clock, of each picture when its last packet arrived.
        problems: what was not as it should be.
    """

    url: str
    video: TrackReport | None
    audio: TrackReport | None
    first_picture_ms: float | None
    clock: str
    clock_error_ms: float | None
    latency_ms: Spread
    problems: Sequence[str]


def spread(samples_ms: Sequence[float]) -> Spread:
    """Median and 95th percentile (nearest rank), to a tenth of a millisecond."""
    if not samples_ms:
        return Spread(None, None, 0)
    ordered = sorted(samples_ms)
    last = len(ordered) - 1
    return Spread(round(ordered[last // 2], 1), round(ordered[round(last * 0.95)], 1), len(ordered))


def to_json(report: HlsReport | WhepReport) -> dict[str, Any]:
    """The report as it is printed; ``kind`` is hls or whep."""
    return {"kind": "hls" if isinstance(report, HlsReport) else "whep", **asdict(report)}
