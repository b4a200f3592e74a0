"""`tandem probe --latency` as it is typed."""

import asyncio
import json
from pathlib import Path
from xml.etree import ElementTree as ET

from support.processes import TANDEM, NodeProcess


async def tandem_probe(*arguments: str | Path) -> tuple[int, str]:
    """Exit code, and what it printed."""
    program = await asyncio.create_subprocess_exec(
        TANDEM, "probe", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await program.communicate()
    assert program.returncode is not None
    return program.returncode, printed.decode()


async def test_the_probe_publishes_measures_every_path_over_networks_and_keeps_the_figures(
    tandem: NodeProcess, tmp_path: Path
) -> None:
    kept, drawn = tmp_path / "latency.json", tmp_path / "latency.svg"
    networks = ("--network", "direct", "--network", "rtt50")
    code, printed = await tandem_probe(
        "--latency", tandem.base_url, "--seconds", "3", *networks, "--save", kept, "--chart", drawn
    )
    assert code == 0, printed
    measurements = json.loads(kept.read_text())["measurements"]
    assert [measured["network"]["name"] for measured in measurements] == ["direct", "rtt50"]
    for measured in measurements:
        assert measured["problems"] == []
        whep, hls = measured["paths"]
        assert (whep["path"], hls["path"]) == ("whep", "hls")
        assert whep["method"] == hls["method"] == "timecode"
        assert measured["network"]["round_trip_s"] * 500 < whep["latency_ms"]["p50"] < hls["latency_ms"]["p50"] < 10_000
        assert whep["waterfall"]["path"] == "webrtc"
    assert "rtt50" in printed
    assert "LL-HLS standard" in printed
    assert len(list(ET.parse(drawn).getroot().iter("{http://www.w3.org/2000/svg}circle"))) == 4


async def test_a_url_without_a_node_is_one_sentence(tmp_path: Path) -> None:
    code, printed = await tandem_probe("--latency", "http://127.0.0.1:9")
    assert code == 1
    assert printed.startswith("tandem: http://127.0.0.1:9 is no node that can be asked: ")
    assert printed.count("\n") == 1
