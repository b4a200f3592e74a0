"""The chart is well-formed SVG that says what it shows."""

from xml.etree import ElementTree as ET

from infra.latency_chart import chart
from infra.latency_report import LatencyReport, PathReport
from infra.network_shape import NETWORKS
from infra.probe_report import Spread

SVG = "{http://www.w3.org/2000/svg}"


def path(name: str, p50: float | None, p95: float | None) -> PathReport:
    return PathReport(name, "timecode", Spread(p50, p95, 9), {}, 0.1, 0, 0, None, None)


def drawn(*paths: PathReport, profile: str = "ultra") -> ET.Element:
    report = LatencyReport("http://n", "s", profile, NETWORKS["rtt50"], 60, paths, [])
    return ET.fromstring(chart([report, report]))


def test_a_path_is_a_dot_at_its_median_and_a_line_to_the_95th_percentile() -> None:
    root = drawn(path("whep", 41.2, 60), path("hls", 450, 900))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    dots = [float(dot.get("cx", "")) for dot in root.iter(f"{SVG}circle")]
    assert texts.count("rtt50: WebRTC") == texts.count("rtt50: LL-HLS ultra") == 2
    assert texts.count("41 / 60 ms") == 2
    assert {"10 ms", "300 ms", "1 s", "10 s"} <= set(texts)
    assert len(dots) == 4
    assert dots[0] < dots[1]


def test_what_was_not_measured_is_named_and_what_is_off_the_axis_stays_on_the_picture() -> None:
    root = drawn(path("plain", None, None), path("hls", -3, 90_000), profile="<odd>")
    assert len(list(root.iter(f"{SVG}circle"))) == 2
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert "rtt50: plain HLS" in texts
    assert "rtt50: LL-HLS <odd>" in texts
    width = float(root.get("viewBox", "").split()[2])
    assert all(0 < float(dot.get("cx", "")) < width for dot in root.iter(f"{SVG}circle"))


def test_nothing_is_an_empty_chart() -> None:
    assert ET.fromstring(chart([])).tag == f"{SVG}svg"
