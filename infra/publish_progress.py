"""Edge: what `tandem publish` shows: one line that changes on a terminal, a line now and then elsewhere."""

import asyncio
import sys
import time

from rich.console import Console
from rich.live import Live
from rich.text import Text

TERMINAL_INTERVAL_S = 0.5
LINE_INTERVAL_S = 5.0


class Sent:
    """Counts what was sent."""

    def __init__(self) -> None:
        self.pictures = 0
        self.bytes = 0
        self.lost = 0  # pieces that waited too long
        self.left_out = 0  # pictures that were decoded or drawn too late

    def count(self, kind: str, size: int) -> None:
        """A piece was sent."""
        self.pictures += kind == "video"
        self.bytes += size

    def leave_out(self) -> None:
        """A picture came too late to be coded; called by the thread that codes."""
        self.left_out += 1


class Progress:
    """Shows it on standard error."""

    def __init__(self, sent: Sent, source: str, endpoint: str) -> None:
        self._sent = sent
        self._what = f"{source} to {endpoint}"
        self._console = Console(stderr=True)
        self._terminal = self._console.is_terminal
        self._live = Live(console=self._console, auto_refresh=False, transient=False) if self._terminal else None
        self._started_s = self._looked_s = time.monotonic()
        self._looked = (0, 0)
        self._away: str | None = None  # why nothing is sent now

    async def run(self) -> None:
        """Show it until cancelled."""
        if self._live is not None:
            self._live.start()
        self._say(f"publishing {self._what}")
        while True:
            await asyncio.sleep(TERMINAL_INTERVAL_S if self._terminal else LINE_INTERVAL_S)
            self._say(self._line("live") if self._away is None else f"away  {self._away}")

    def away(self, why: str) -> None:
        """Nothing can be sent, and a new session will be offered."""
        if why != self._away:
            self._away = why
            self._say(f"away  {why}; it will be offered again")

    def back(self) -> None:
        """Media is sent again."""
        self._away = None
        self._say("live  connected again")

    def close(self) -> None:
        """Show the last figures."""
        self._looked_s, self._looked = self._started_s, (0, 0)
        self._say(self._line("ended"))
        if self._live is not None:
            self._live.stop()

    def _line(self, state: str) -> str:
        now_s = time.monotonic()
        took_s = max(1e-3, now_s - self._looked_s)
        pictures, size = self._sent.pictures - self._looked[0], self._sent.bytes - self._looked[1]
        self._looked_s, self._looked = now_s, (self._sent.pictures, self._sent.bytes)
        rates = f"{pictures / took_s:.1f} fps  {size * 8 / took_s / 1000:.0f} kbit/s"
        return f"{state}  {now_s - self._started_s:.1f} s  {rates}{self._missing()}"

    def _missing(self) -> str:
        lost = f", {self._sent.lost} lost: the network is too slow" if self._sent.lost else ""
        left_out = f", {self._sent.left_out} left out: this machine is too slow" if self._sent.left_out else ""
        return lost + left_out

    def _say(self, line: str) -> None:
        if self._live is not None:
            self._live.update(Text(line), refresh=True)
        else:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()
