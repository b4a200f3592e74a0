"""Pure: how long what is stored is kept, stream by stream, and what goes when.

Theory of operation. Rules are ``PATTERN=KEEP``; the first whose pattern fits a stream's name decides, and a stream that
none fits is kept for ever. A session that is held (live, or ended a moment ago) loses its segments one by one as their
time is over; its init sections and playlists stay, they are needed to its end. Any other session is kept whole until
the time of its newest object is over, so that a recording never loses its beginning while its playlist still lists it;
then it goes whole, the entry that makes it a recording first. An object whose key is none of ours is foreign and is
never touched. `Sweep` is told every object that is stored, one session after the other, and answers what must go.
"""

import fnmatch
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from infra.ids import SessionId, StreamName
from origin.errors import RetentionRefused, shown
from origin.model import NS_PER_S
from origin.names import FileKind, parse_key
from origin.storage.contract import Stored

MARGIN_S = 60.0  # kept beyond the window: it is stored after it is listed, and clocks differ
_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_TIME = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_SWEEPS_IN_TIME = 10  # so that nothing is kept more than a tenth longer than it should
_OF_A_SEGMENT = {FileKind.SEGMENT, FileKind.IFRAME}
_MIN_PAUSE_S, _MAX_PAUSE_S = 60.0, 3600.0  # lists cost money, and time


@dataclass(frozen=True, slots=True)
class Rule:
    """How long objects of the streams that fit a shell pattern are kept; None: for ever; 0: not stored at all."""

    pattern: str
    keep_s: float | None


@dataclass(frozen=True, slots=True)
class Retention:
    """The rules of a node, in their order."""

    rules: tuple[Rule, ...] = ()

    def keep_s(self, stream: StreamName) -> float | None:
        """How long the objects of a stream are kept; None: for ever."""
        return next((rule.keep_s for rule in self.rules if fnmatch.fnmatchcase(stream, rule.pattern)), None)

    def stores(self, stream: StreamName) -> bool:
        """Whether anything of a stream is stored."""
        return self.keep_s(stream) != 0

    @property
    def sweep_pause_s(self) -> float | None:
        """How long to wait between two sweeps; None: nothing ever goes."""
        times_s = [rule.keep_s for rule in self.rules if rule.keep_s is not None]
        if not times_s:
            return None
        return min(_MAX_PAUSE_S, max(_MIN_PAUSE_S, min(times_s) / _SWEEPS_IN_TIME))


def parse_retention(rules: Iterable[str], window_s: float) -> Retention:
    """The rules of a setting.

    Args:
        rules: each ``PATTERN=KEEP``; see the module.
        window_s: length of the live playlist.

    Raises:
        RetentionRefused: one of them means nothing.
    """
    return Retention(tuple(_parse_rule(rule, window_s) for rule in rules))


def _parse_rule(rule: str, window_s: float) -> Rule:
    pattern, equals, keep = rule.rpartition("=")
    time = _TIME.fullmatch(keep)
    named: dict[str, float | None] = {"forever": None, "window": window_s + MARGIN_S, "nothing": 0}
    if not equals or not pattern or (time is None and keep not in named):
        raise RetentionRefused(
            f"retention rule {shown(rule)} refused: it must be PATTERN=KEEP, where KEEP is forever, window, nothing, "
            "or a time as in 90m, 36h, 7d"
        )
    return Rule(pattern, named[keep] if time is None else float(int(time[1]) * _UNITS_S[time[2]]))


@dataclass(frozen=True, slots=True)
class SegmentGoes:
    """The time of a segment, or of its I-frame, is over."""

    stored: Stored


@dataclass(frozen=True, slots=True)
class SessionGoes:
    """The time of all objects of a session is over."""

    stream: StreamName
    session: SessionId


Verdict = SegmentGoes | SessionGoes


class Sweep:
    """One pass over everything that is stored.

    Args:
        retention: the rules.
        now_ns: Unix time.
        holds: whether a session is held.
    """

    __slots__ = ("_held", "_holds", "_keep_s", "_newest_ns", "_now_ns", "_owner", "_retention")

    def __init__(self, retention: Retention, now_ns: int, holds: Callable[[StreamName, SessionId], bool]) -> None:
        self._retention = retention
        self._now_ns = now_ns
        self._holds = holds
        self._owner: tuple[StreamName, SessionId] | None = None
        self._keep_s: float | None = None
        self._held = False
        self._newest_ns = 0

    def take(self, stored: Stored) -> list[Verdict]:
        """What must go, now that this object was seen; the objects of a session must come one after the other."""
        file = parse_key(stored.key)
        if file is None:
            return []
        verdicts: list[Verdict] = []
        owner = file.stream, file.session
        if owner != self._owner:
            verdicts += self.finish()
            self._owner = owner
            self._keep_s = self._retention.keep_s(file.stream)
            self._held = self._holds(*owner)
            self._newest_ns = 0
        self._newest_ns = max(self._newest_ns, stored.modified_ns)
        if self._held and file.kind in _OF_A_SEGMENT and self._is_over(stored.modified_ns):
            verdicts.append(SegmentGoes(stored))
        return verdicts

    def finish(self) -> list[Verdict]:
        """What must go, now that all objects were seen."""
        owner, self._owner = self._owner, None
        if owner is None or self._held or not self._is_over(self._newest_ns):
            return []
        return [SessionGoes(*owner)]

    def _is_over(self, modified_ns: int) -> bool:
        return self._keep_s is not None and self._now_ns - modified_ns > self._keep_s * NS_PER_S
