"""Distributions and the JSON document."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.probe_report import HlsReport, Spread, WhepReport, spread, to_json


def test_nothing_measured_is_not_zero() -> None:
    assert spread([]) == Spread(None, None, 0)


@pytest.mark.parametrize(
    ("samples", "expected"),
    [([7.04], Spread(7.0, 7.0, 1)), (list(range(1, 101)), Spread(50, 95, 100)), ([3, 1, 2], Spread(2, 3, 3))],
)
def test_median_and_95th_percentile_are_of_the_nearest_rank(samples: list[float], expected: Spread) -> None:
    assert spread(samples) == expected


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_percentiles_lie_within_the_samples_and_in_order(samples: list[float]) -> None:
    found = spread(samples)
    assert found.p50 is not None
    assert found.p95 is not None
    assert min(samples) - 0.1 <= found.p50 <= found.p95 <= max(samples) + 0.1


def test_a_report_is_one_json_document_that_says_its_kind() -> None:
    hls = HlsReport("u", [], 2, None, None, None, "node", 0.4, Spread(1, 2, 3), Spread(None, None, 0), [])
    whep = WhepReport("u", None, None, None, "own", None, Spread(None, None, 0), ["p"])
    documents = [json.loads(json.dumps(to_json(report))) for report in (hls, whep)]
    assert [document["kind"] for document in documents] == ["hls", "whep"]
    assert documents[0]["latency_ms"] == {"p50": 1, "p95": 2, "samples": 3}
    assert documents[1]["problems"] == ["p"]
