"""Edge: the marks of sessions whose journal has no end: read once at the start, removed one by one.

A finished session is handed on to whoever makes it a recording before its mark goes; a crash in between hands it on
twice.
"""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from infra.ids import SessionId, StreamName
from origin.names import MARKS_PREFIX, mark_key, parse_mark
from origin.storage.contract import list_all
from origin.storage.write_behind import WriteBehind

REMOVE_TIMEOUT_S = 5.0  # a mark that stays is removed at the next start

HandOn = Callable[[StreamName, SessionId], Awaitable[None]]

_log = structlog.get_logger("origin.marks")


class Marks:
    """Reads and removes marks; `close` waits for what is being removed.

    Args:
        storage: where they are.
        hand_on: takes each finished session before its mark goes.
    """

    def __init__(self, storage: WriteBehind, hand_on: HandOn | None = None) -> None:
        self._storage = storage
        self._hand_on = hand_on
        self._removals: set[asyncio.Task[None]] = set()

    async def read(self) -> list[tuple[StreamName, SessionId]]:
        """The sessions that are marked."""
        found = [parse_mark(stored.key) async for stored in list_all(self._storage, MARKS_PREFIX)]
        return [session for session in found if session is not None]

    def remove(self, stream: StreamName, session: SessionId) -> None:
        """The journal of a session has its end."""
        loop = asyncio.get_running_loop()
        removal = loop.create_task(self._remove(stream, session), name=f"mark of {stream}/{session}")
        self._removals.add(removal)
        removal.add_done_callback(self._removals.discard)

    async def close(self) -> None:
        """Wait for the removals, a bounded time."""
        await asyncio.gather(*self._removals)

    async def _remove(self, stream: StreamName, session: SessionId) -> None:
        key = mark_key(stream, session)
        try:
            async with asyncio.timeout(REMOVE_TIMEOUT_S):
                if self._hand_on is not None:
                    await self._hand_on(stream, session)
                await self._storage.delete([key])
        except Exception as error:  # noqa: BLE001  whatever fails, the next start tries again
            _log.warning("mark not removed, the next start will", key=key, why=repr(error))
