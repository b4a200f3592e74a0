"""Edge: what every node's metrics share: the build, the event loop's lag, and how ``/metrics`` is written.

The stages declare their own metrics in their ``metrics`` module, on prometheus_client's default registry.
"""

import asyncio
import platform
from importlib.metadata import version

from prometheus_client import CONTENT_TYPE_LATEST, Histogram, Info, generate_latest

DISTRIBUTION = "tandem-live"
CONTENT_TYPE = CONTENT_TYPE_LATEST
_LAG_INTERVAL_S = 0.1

BUILD = Info("tandem_build", "Version of the program and of Python")
LOOP_LAG_SECONDS = Histogram(
    "tandem_loop_lag_seconds",
    "How late the node's event loop wakes from a sleep of 0.1 s",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2),
)


VERSION = version(DISTRIBUTION)  # of the installed program; read once, from its folder

BUILD.info({"version": VERSION, "python": platform.python_version()})


async def render_metrics() -> bytes:
    """All metrics in the text format, written in a thread: some hundred series take milliseconds."""
    return await asyncio.to_thread(generate_latest)


async def watch_loop_lag() -> None:
    """Observe the event loop's lag until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_INTERVAL_S
        await asyncio.sleep(_LAG_INTERVAL_S)
        LOOP_LAG_SECONDS.observe(max(0.0, loop.time() - due))
