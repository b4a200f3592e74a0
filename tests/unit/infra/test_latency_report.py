"""What a latency measurement says, from what the compare page told."""

import json
from typing import Any

import pytest

from infra.latency_report import HEADINGS, LatencyReport, PathReport, markdown, path_report, table_rows, to_json
from infra.network_shape import NETWORKS


def page(p50_ms: float | None, p95_ms: float | None) -> dict[str, Any]:
    method = None if p50_ms is None else "timecode"
    return {
        "latency": {"method": method, "last_ms": p50_ms, "p50_ms": p50_ms, "p95_ms": p95_ms, "samples": 300},
        "methods": {"timecode": p50_ms, "capture": None},
        "clock_error_ms": None if p50_ms is None else 0.4,
        "stalls": 1,
        "dropped": 2,
        "waterfall": None,
        "state": "live",
    }


def report(network: str, *paths: PathReport, profile: str = "ultra") -> LatencyReport:
    return LatencyReport("http://n", "s", profile, NETWORKS[network], 60, paths, [])


@pytest.mark.parametrize(
    ("path", "profile", "p50_ms", "p95_ms", "reached"),
    [
        ("whep", "ultra", 60, 200, True),
        ("whep", "standard", 61, 62, False),
        ("hls", "ultra", 600, 900, True),
        ("hls", "ultra", 600, 901, False),
        ("hls", "standard", 1100, 5000, True),
        ("hls", "standard", None, None, None),
        ("plain", "ultra", 6000, 6100, None),
        ("hls", "other", 100, 200, None),
    ],
)
def test_a_goal_is_reached_or_not_or_there_is_none(
    path: str, profile: str, p50_ms: float | None, p95_ms: float | None, reached: bool | None
) -> None:
    assert path_report(path, profile, page(p50_ms, p95_ms)).reached is reached


def test_each_path_is_a_row_and_goals_are_judged_on_a_direct_network_only() -> None:
    paths = [path_report("whep", "ultra", page(41.5, 50.2)), path_report("hls", "ultra", page(700, 800))]
    plain = path_report("plain", "ultra", page(None, None))
    assert table_rows(report("direct", *paths, plain)) == [
        ("direct", "WebRTC", "timecode", "42 / 50", "60 reached", "1", "2", "300", "0.4"),
        ("direct", "LL-HLS ultra", "timecode", "700 / 800", "600 / 900 missed", "1", "2", "300", "0.4"),
        ("direct", "plain HLS", "", "", "", "1", "2", "300", ""),
    ]
    assert [row[4] for row in table_rows(report("rtt50", *paths))] == ["60", "600 / 900"]


def test_it_is_a_table_for_documents_and_one_json_document() -> None:
    reports = [report("direct", path_report("whep", "ultra", page(40, 50)))]
    lines = markdown(reports).splitlines()
    assert len(lines) == 3
    assert all(line.count("|") == len(HEADINGS) + 1 for line in lines)
    document = json.loads(json.dumps(to_json(reports)))
    measured = document["measurements"][0]
    assert document["kind"] == "latency"
    assert measured["network"]["name"] == "direct"
    assert measured["paths"][0]["latency_ms"] == {"p50": 40, "p95": 50, "samples": 300}
    assert measured["paths"][0]["goal"] == {"p50_ms": 60, "p95_ms": None}
