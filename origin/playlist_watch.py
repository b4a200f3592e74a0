"""Edge: has every version of a session's playlists checked, after it was given out, and reports what is wrong.

The check runs on the event loop once those who waited for the version have their answers.
"""

import asyncio
from collections.abc import Callable

import structlog

from infra.ids import RenditionName, SessionId, StreamName
from origin import metrics
from origin.directives import Skip
from origin.multivariant_rules import judge_multivariant
from origin.names import IFRAME_PLAYLIST, PLAYLIST, FileKind
from origin.playlist_version import PlaylistVersion
from origin.self_check import SessionCheck

_QUIET_S = 10.0  # between two log lines of one session: a broken rule is often broken by every version

_log = structlog.get_logger("origin.playlist_watch")


class PlaylistWatch:
    """Watches the playlists of one session; all methods must be called on the event loop.

    Args:
        stream: its stream.
        session_id: its id.
    """

    __slots__ = ("_check", "_log", "_quiet_until_s", "_unsaid")

    def __init__(self, stream: StreamName, session_id: SessionId) -> None:
        self._check = SessionCheck()
        self._log = _log.bind(stream=stream, session=session_id)
        self._quiet_until_s = 0.0
        self._unsaid = 0  # violations since the last log line

    def whole(self, playlist: tuple[RenditionName, FileKind], version: PlaylistVersion) -> None:
        """The next version of a media playlist was written."""
        name = _name(playlist)
        self._soon(name, lambda: self._check.whole(name, version))

    def update(self, playlist: tuple[RenditionName, FileKind], version: PlaylistVersion, skip: Skip) -> None:
        """A delta update of the newest version was written."""
        name = _name(playlist)
        self._soon(name, lambda: self._check.update(name, version, skip))

    def index(self, text: str) -> None:
        """The multivariant playlist was written."""
        self._soon(PLAYLIST, lambda: judge_multivariant(text))

    def _soon(self, name: str, judge: Callable[[], list[str]]) -> None:
        asyncio.get_running_loop().call_soon(self._report, name, judge)

    def _report(self, name: str, judge: Callable[[], list[str]]) -> None:
        complaints = judge()
        if not complaints:
            return
        metrics.VIOLATIONS.inc(len(complaints))
        self._unsaid += len(complaints)
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._quiet_until_s:
            self._log.error("playlist breaks a rule", playlist=name, first=complaints[0], violations=self._unsaid)
            self._quiet_until_s, self._unsaid = now_s + _QUIET_S, 0


def _name(playlist: tuple[RenditionName, FileKind]) -> str:
    """A playlist as its URL ends."""
    rendition, kind = playlist
    return f"{rendition}/{PLAYLIST if kind is FileKind.PLAYLIST else IFRAME_PLAYLIST}"
