"""Pure: what a latency measurement found, path by path and network by network, and what it was to reach."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from infra.network_shape import Network
from infra.probe_report import Spread

TITLES = {"whep": "WebRTC", "hls": "LL-HLS", "plain": "plain HLS"}


@dataclass(frozen=True, slots=True)
class Goal:
    """What is to be reached without a network between; milliseconds, None for no promise."""

    p50_ms: float
    p95_ms: float | None


_GOALS = {
    ("whep", "standard"): Goal(60, None),
    ("whep", "ultra"): Goal(60, None),
    ("hls", "standard"): Goal(1100, None),
    ("hls", "ultra"): Goal(600, 900),
}


@dataclass(frozen=True, slots=True)
class PathReport:
    """One way of watching, over one network.

    Attributes:
        path: whep, hls or plain.
        method: timecode, capture, or None if nothing was measured.
        latency_ms: glass to glass, by that method.
        method_p50_ms: median by each method that gave one, to compare them.
        clock_error_ms: by how much the page's clock can be off from the node's, either way.
        stalls: of playback.
        dropped: pictures.
        waterfall: mean of the newest pictures' stages, as the page has it; None if unknown.
        goal: to reach on a direct network; None without a promise.
    """

    path: str
    method: str | None
    latency_ms: Spread
    method_p50_ms: Mapping[str, float | None]
    clock_error_ms: float | None
    stalls: int
    dropped: int
    waterfall: Mapping[str, Any] | None
    goal: Goal | None

    @property
    def reached(self) -> bool | None:
        """Whether the goal was; None if there is none, or nothing was measured."""
        p50_ms, p95_ms = self.latency_ms.p50, self.latency_ms.p95
        if self.goal is None or p50_ms is None or p95_ms is None:
            return None
        return p50_ms <= self.goal.p50_ms and (self.goal.p95_ms is None or p95_ms <= self.goal.p95_ms)


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """One stream over one network.

    Attributes:
        url: of the node.
        stream: that was measured.
        profile: latency profile of the node.
        network: between viewer and node, and how it was made.
        seconds: how long was measured.
        paths: in the order of the page.
        problems: what went wrong, such as a path that never played.
    """

    url: str
    stream: str
    profile: str
    network: Network
    seconds: float
    paths: Sequence[PathReport]
    problems: Sequence[str]


def path_report(path: str, profile: str, page: Mapping[str, Any]) -> PathReport:
    """What the page's ``window.tandem.stats()`` says of a path."""
    latency = page["latency"]
    return PathReport(
        path=path,
        method=latency["method"],
        latency_ms=Spread(latency["p50_ms"], latency["p95_ms"], latency["samples"]),
        method_p50_ms=page["methods"],
        clock_error_ms=page["clock_error_ms"],
        stalls=page["stalls"],
        dropped=page["dropped"],
        waterfall=page["waterfall"],
        goal=_GOALS.get((path, profile)),
    )


def to_json(reports: Sequence[LatencyReport]) -> dict[str, Any]:
    """All of it as one JSON document."""
    return {"kind": "latency", "networks_by": "relay in user space", "measurements": [asdict(each) for each in reports]}


HEADINGS = ("network", "path", "by", "p50 / p95 ms", "goal", "stalls", "dropped", "samples", "± ms")


def table_rows(report: LatencyReport) -> list[tuple[str, ...]]:
    """A row for each path, in the order of `HEADINGS`."""
    return [
        (
            report.network.name,
            title(each.path, report.profile),
            each.method or "",
            _pair(each.latency_ms.p50, each.latency_ms.p95),
            _goal(each, direct=report.network == Network("direct")),
            str(each.stalls),
            str(each.dropped),
            str(each.latency_ms.samples),
            "" if each.clock_error_ms is None else str(each.clock_error_ms),
        )
        for each in report.paths
    ]


def markdown(reports: Sequence[LatencyReport]) -> str:
    """The table for a document."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(row for report in reports for row in table_rows(report))]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def title(path: str, profile: str) -> str:
    """A path's name for people."""
    return f"{TITLES[path]} {profile}" if path == "hls" else TITLES[path]


def _goal(report: PathReport, *, direct: bool) -> str:
    """Goals are of a direct network; over another one they are told and not judged."""
    goal = report.goal
    if goal is None:
        return ""
    text = f"{goal.p50_ms:.0f}" if goal.p95_ms is None else _pair(goal.p50_ms, goal.p95_ms)
    if not direct or report.reached is None:
        return text
    return f"{text} {'reached' if report.reached else 'missed'}"


def _pair(p50_ms: float | None, p95_ms: float | None) -> str:
    return "" if p50_ms is None or p95_ms is None else f"{p50_ms:.0f} / {p95_ms:.0f}"
