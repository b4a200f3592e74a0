"""Edge: deletes what retention says must go, page by page, slowly enough to leave the store to those who write."""

import asyncio
from collections.abc import Callable

import structlog

from infra.clock import Clock
from infra.errors import TandemError
from infra.ids import SessionId, StreamName
from origin import metrics
from origin.names import IFRAME_PLAYLIST, PLAYLIST, entry_key, parse_key, session_prefix
from origin.retention import Retention, SegmentGoes, SessionGoes, Sweep, Verdict
from origin.storage.contract import Stored
from origin.storage.write_behind import WriteBehind

PAGE_OBJECTS = 10_000  # a folder store looks through a whole folder for each page
_PLAYLISTS = (f"/{PLAYLIST}", f"/{IFRAME_PLAYLIST}")
CALL_PAUSE_S = 0.2  # five calls a second, each of a thousand objects

_log = structlog.get_logger("origin.retention")


class Sweeper:
    """See the module's docstring.

    Args:
        storage: where the objects are.
        retention: how long they are kept.
        holds: whether a session is live, or ended a moment ago.
        clock: tells how old they are.
        call_pause_s: after each call of the store.
        page_objects: asked for at once.
    """

    __slots__ = ("_call_pause_s", "_clock", "_holds", "_page_objects", "_retention", "_storage")

    def __init__(
        self,
        storage: WriteBehind,
        retention: Retention,
        holds: Callable[[StreamName, SessionId], bool],
        clock: Clock,
        call_pause_s: float = CALL_PAUSE_S,
        page_objects: int = PAGE_OBJECTS,
    ) -> None:
        self._storage = storage
        self._retention = retention
        self._holds = holds
        self._clock = clock
        self._call_pause_s = call_pause_s
        self._page_objects = page_objects

    async def run(self) -> None:
        """Sweep now and then until cancelled; at once if nothing ever goes."""
        while (pause_s := self._retention.sweep_pause_s) is not None:
            try:
                await self.sweep()
            except TandemError as error:
                _log.warning("retention could not be enforced, will be tried again", why=str(error))
            await asyncio.sleep(pause_s)

    async def sweep(self) -> None:
        """Look at everything that is stored once, and delete what must go.

        Raises:
            StoreTroubled, StoreMisconfigured: the store fails; what was deleted until then is gone.
        """
        sweep = Sweep(self._retention, self._clock.now_ns(), self._holds)
        cursor = ""
        while True:
            page = await self._storage.list("", cursor, self._page_objects)
            await asyncio.sleep(self._call_pause_s)
            await self._perform([verdict for stored in page.objects for verdict in sweep.take(stored)])
            cursor = page.cursor
            if not cursor:
                break
        await self._perform(sweep.finish())

    async def _perform(self, verdicts: list[Verdict]) -> None:
        await self._delete([verdict.stored for verdict in verdicts if isinstance(verdict, SegmentGoes)])
        for verdict in verdicts:
            if isinstance(verdict, SessionGoes) and not self._holds(verdict.stream, verdict.session):
                await self._delete_session(verdict.stream, verdict.session)

    async def _delete_session(self, stream: StreamName, session: SessionId) -> None:
        """Delete what makes a session a recording first, so that none is listed that cannot be played any more."""
        _log.info("stored session deleted", stream=stream, session=session)
        await self._storage.delete([entry_key(stream, session)])
        await asyncio.sleep(self._call_pause_s)
        await self._delete_below(session_prefix(stream, session), playlists=True)
        await self._delete_below(session_prefix(stream, session), playlists=False)

    async def _delete_below(self, prefix: str, *, playlists: bool) -> None:
        """Delete what is ours below a prefix: playlists, before what they list, or all else."""
        cursor = ""
        while True:
            page = await self._storage.list(prefix, cursor, self._page_objects)
            await asyncio.sleep(self._call_pause_s)
            ours = [stored for stored in page.objects if parse_key(stored.key)]
            await self._delete([stored for stored in ours if stored.key.endswith(_PLAYLISTS) == playlists])
            cursor = page.cursor
            if not cursor:
                return

    async def _delete(self, objects: list[Stored]) -> None:
        if not objects:
            return
        await self._storage.delete([stored.key for stored in objects])
        metrics.RETENTION_DELETED.inc(len(objects))
        metrics.RETENTION_DELETED_BYTES.inc(sum(stored.size_bytes for stored in objects))
        await asyncio.sleep(self._call_pause_s)
