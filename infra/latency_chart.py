"""Pure: latencies as an SVG picture: for each network and path a line from the median to the 95th percentile."""

import math
from collections.abc import Sequence
from html import escape

from infra.latency_report import LatencyReport, title

_LEFT, _RIGHT, _TOP, _ROW = 190, 700, 40, 26  # pixels
_LEAST_MS, _MOST_MS = 5, 20_000  # of the axis, which is logarithmic: 30 ms and 6 s are read side by side
_MARKS_MS = (10, 30, 100, 300, 1000, 3000, 10_000)
_COLOURS = {"whep": "#1b7f5c", "hls": "#2f5fd0", "plain": "#a4510f"}


def chart(reports: Sequence[LatencyReport]) -> str:
    """The picture; paths without a latency are named and have no line."""
    rows = [(report, path) for report in reports for path in report.paths]
    bottom = _TOP + _ROW * len(rows)
    parts = [_axis(bottom)]
    for index, (report, path) in enumerate(rows):
        y = _TOP + _ROW * index + _ROW // 2
        name = f"{report.network.name}: {title(path.path, report.profile)}"
        parts.append(f'<text x="{_LEFT - 10}" y="{y + 4}" text-anchor="end">{escape(name)}</text>')
        p50_ms, p95_ms = path.latency_ms.p50, path.latency_ms.p95
        if p50_ms is not None and p95_ms is not None:
            parts.append(_line(y, p50_ms, p95_ms, _COLOURS[path.path]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_RIGHT + 120} {bottom + 20}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">\n<title>Glass-to-glass latency: median (dot) to 95th '
        'percentile</title>\n<rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _axis(bottom: int) -> str:
    marks = [
        f'<path d="M{_x(ms)} {_TOP - 6}V{bottom}" stroke="#ddd"/>'
        f'<text x="{_x(ms)}" y="{_TOP - 14}" text-anchor="middle" fill="#555">{_mark(ms)}</text>'
        for ms in _MARKS_MS
    ]
    return "\n".join(marks)


def _line(y: int, p50_ms: float, p95_ms: float, colour: str) -> str:
    left, right = _x(p50_ms), _x(p95_ms)
    return (
        f'<path d="M{left} {y}H{right}" stroke="{colour}" stroke-width="4" stroke-linecap="round"/>'
        f'<circle cx="{left}" cy="{y}" r="6" fill="{colour}"/>'
        f'<text x="{right + 12}" y="{y + 4}">{p50_ms:.0f} / {p95_ms:.0f} ms</text>'
    )


def _x(ms: float) -> float:
    share = math.log(min(max(ms, _LEAST_MS), _MOST_MS) / _LEAST_MS) / math.log(_MOST_MS / _LEAST_MS)
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _mark(ms: int) -> str:
    return f"{ms} ms" if ms < 1000 else f"{ms // 1000} s"  # noqa: PLR2004  milliseconds in a second
