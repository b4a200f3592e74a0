"""Edge: ``tandem probe --latency``: measures every path of a stream in a browser; a table, JSON and SVG."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.latency_chart import chart
from infra.latency_lab import Lab, LabOptions, chromium, target_of
from infra.latency_report import HEADINGS, LatencyReport, table_rows, to_json
from infra.network_shape import Network
from infra.webrtc_client import ClientFailed

_NUMBERS = {"p50 / p95 ms", "samples", "stalls", "dropped", "± ms"}
_LEAST_COLUMNS = 120  # where the terminal does not tell, or is a file


async def measure(urls: Sequence[str], networks: Sequence[Network], options: LabOptions) -> list[LatencyReport]:
    """Measure each URL over each network, one after the other.

    Raises:
        ClientFailed: there is no browser, or something does not play.
    """
    reports: list[LatencyReport] = []
    async with chromium() as browser:
        for target in map(target_of, urls):
            async with Lab(browser, target, options) as lab:
                reports += [await lab.measure(network) for network in networks]
    return reports


def show(reports: Sequence[LatencyReport], *, as_json: bool) -> None:
    """Print on standard output."""
    if as_json:
        sys.stdout.write(as_text(reports))
        return
    console = Console()
    if not console.is_terminal:
        console.width = max(console.width, _LEAST_COLUMNS)
    table = Table(box=SIMPLE_HEAD)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in _NUMBERS else "left")
    for report in reports:
        for row in table_rows(report):
            table.add_row(*map(Text, row))
        table.add_section()
    for node in {report.url: report for report in reports}.values():
        console.print(Text(f"{node.url}, stream {node.stream}"), soft_wrap=True)
    console.print(table)
    for report in reports:
        for problem in report.problems:
            console.print(Text(f"{report.network.name}: {problem}", style="red"), soft_wrap=True)


def save(reports: Sequence[LatencyReport], json_file: Path | None, chart_file: Path | None) -> None:
    """Write the files that are wanted.

    Raises:
        ClientFailed: one cannot be written.
    """
    texts = {json_file: as_text(reports), chart_file: chart(reports)}
    for path, text in texts.items():
        if path is not None:
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                raise ClientFailed(f"{path} cannot be written: {error.strerror}") from error


def as_text(reports: Sequence[LatencyReport]) -> str:
    """The JSON document."""
    return json.dumps(to_json(reports), indent=1) + "\n"
