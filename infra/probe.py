"""Edge: ``tandem probe``: looks at a stream as a player would, and prints what it found."""

import json
import sys
from urllib.parse import urlsplit

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.probe_hls import probe_hls
from infra.probe_report import HlsReport, Spread, WhepReport, to_json
from infra.probe_whep import probe_whep


async def probe(url: str, seconds: float, *, as_json: bool) -> None:
    """Look at an HLS or WHEP URL for some seconds and print the report on standard output.

    Raises:
        ClientFailed: it cannot be reached or is not live.
    """
    look = probe_whep if "/whep/" in urlsplit(url).path else probe_hls
    report: HlsReport | WhepReport = await look(url, seconds)
    if as_json:
        sys.stdout.write(json.dumps(to_json(report), indent=1) + "\n")
    else:
        print_report(report)


def print_report(report: HlsReport | WhepReport) -> None:
    """Print the report for people."""
    console = Console()
    if isinstance(report, HlsReport):
        _print_hls(console, report)
    else:
        _print_whep(console, report)
    for problem in report.problems:
        console.print("problem", style="red", end=" ")
        _say(console, problem)
    if not report.problems:
        _say(console, "no problem found")


def _say(console: Console, line: str) -> None:
    console.print(Text(line), soft_wrap=True)  # no markup: playlists are written by others


def _print_hls(console: Console, report: HlsReport) -> None:
    table = Table("rendition", "size", "codecs", "announced kbit/s", "measured kbit/s")
    for each in report.renditions:
        size = f"{each.width}x{each.height}" if each.width else each.kind
        rates = (_kbps(each.bandwidth_bps), _kbps(each.measured_bps))
        table.add_row(*map(Text, (each.name, size, each.codecs or "", *rates)))
    console.print(table)
    _say(console, f"target duration {report.target_duration_s} s, hold back {_seconds(report.hold_back_s)}")
    _say(console, f"part target {_seconds(report.part_target_s)}, part hold back {_seconds(report.part_hold_back_s)}")
    _say(console, f"age of the newest part when listed, by {_clock(report)}: {_ms(report.latency_ms)}")
    _say(console, f"later than the most punctual part: {_ms(report.lateness_ms)}")


def _print_whep(console: Console, report: WhepReport) -> None:
    table = Table("track", "codec", "size", "frames", "kbit/s")
    for kind, track in (("video", report.video), ("audio", report.audio)):
        if track is not None:
            size = f"{track.width}x{track.height}" if track.width else ""
            table.add_row(kind, track.codec, size, str(track.frames), _kbps(track.bitrate_bps))
    console.print(table)
    first = "none" if report.first_picture_ms is None else f"{report.first_picture_ms} ms after the answer"
    _say(console, f"first picture: {first}")
    _say(console, f"latency by {_clock(report)}: {_ms(report.latency_ms)}")


def _clock(report: HlsReport | WhepReport) -> str:
    error = "error not known" if report.clock_error_ms is None else f"± {report.clock_error_ms} ms"
    return f"the {report.clock} clock ({error})"


def _kbps(bits: int | None) -> str:
    return "" if bits is None else f"{bits / 1000:.0f}"


def _seconds(value: float | None) -> str:
    return "not said" if value is None else f"{value} s"


def _ms(spread: Spread) -> str:
    return "not known" if spread.p50 is None else f"p50 {spread.p50} ms, p95 {spread.p95} ms, {spread.samples} samples"
