"""Glass-to-glass latency of every path, read from the time code in the picture, and the CPU of each process.

Starts a node, and measures it as ``tandem probe --latency`` does: Chromium publishes the test pattern and plays all
paths of it, directly or over networks that a relay makes. Prints a table; ``--json FILE`` and ``--chart FILE`` keep it.
"""

import argparse
import asyncio
import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from infra.latency_chart import chart
from infra.latency_lab import PATHS, Lab, LabOptions, chromium, target_of
from infra.latency_report import TITLES, LatencyReport, markdown
from infra.network_shape import NETWORKS
from infra.probe_latency import as_text
from support.processes import node, publishing

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def descendants(pid: int) -> list[int]:
    """A process and all below it."""
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *(below for child in children for below in descendants(child))]


def cpu_by_role(node_pid: int, browser_pid: int) -> dict[str, float]:
    """CPU seconds of the node, its workers, and the whole browser."""
    _, *workers = descendants(node_pid)
    return {
        "node": cpu_seconds(node_pid),
        "worker": sum(map(cpu_seconds, workers)),
        "browser": sum(map(cpu_seconds, descendants(browser_pid))),
    }


def browser_pid() -> int:
    """The Chromium below this process that has all the others as children."""
    for pid in descendants(os.getpid())[1:]:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"chromium" in command and b"--type=" not in command and b"--headless" in command:
            return pid
    raise SystemExit("no Chromium below this process")


async def run(options: argparse.Namespace) -> tuple[list[LatencyReport], dict[str, float]]:
    """One node; every network one after the other. Second, the percent of a core that each program used meanwhile."""
    width = options.height * 16 // 9
    lab_options = LabOptions(options.seconds, options.paths, width, options.height, options.bitrate)
    async with node("--profile", options.profile) as serving, chromium() as browser:
        target = target_of(serving.base_url)
        size = ("--size", f"{width}x{options.height}")
        by_tandem = publishing("test", serving.whip(target.stream), *size)
        async with (
            by_tandem if options.publisher == "tandem" else nullcontext(),
            Lab(browser, target, lab_options) as lab,
        ):
            began_s, before = time.monotonic(), cpu_by_role(serving.pid, browser_pid())
            reports = [await lab.measure(NETWORKS[name]) for name in options.network or ["direct"]]
            lasted_s, after = time.monotonic() - began_s, cpu_by_role(serving.pid, browser_pid())
    return reports, {role: 100 * (after[role] - before[role]) / lasted_s for role in after}


def main() -> None:
    """Parse the options, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", choices=["standard", "ultra"], default="standard")
    parser.add_argument("--publisher", choices=["chromium", "tandem"], default="chromium")
    parser.add_argument("--network", choices=list(NETWORKS), action="append", help="may be repeated")
    parser.add_argument("--paths", type=lambda text: text.split(","), default=PATHS, help=f"of {','.join(TITLES)}")
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--bitrate", type=int, default=2500, help="kbit/s of the publisher")
    parser.add_argument("--seconds", type=float, default=60, help="on each network")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--chart", type=Path)
    options = parser.parse_args()
    reports, cpu = asyncio.run(run(options))
    print(markdown(reports))
    print("\nCPU of a core:", ", ".join(f"{role} {percent:.0f} %" for role, percent in cpu.items()))
    if options.json:
        options.json.write_text(as_text(reports))
    if options.chart:
        options.chart.write_text(chart(reports))


if __name__ == "__main__":
    main()
