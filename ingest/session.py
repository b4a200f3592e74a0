"""Pure: the life of one WebRTC connection, publisher's or viewer's.

Theory of operation. ``NEW`` (offer accepted) -> ``NEGOTIATING`` (answered; ICE and DTLS under way) -> ``LIVE`` (media
flows) -> ``DRAINING`` (over for us, close_notify being sent) -> ``CLOSED``. Every state can go straight on to
``DRAINING``; nothing goes back. An ICE restart changes the addresses, not the state.

Invariants: `StartMedia` comes at most once; `SayGoodbye` comes at most once, and `Release` exactly once, after it; the
reason of the first end is the one that counts.

Assumed of the caller: actions are performed in order, all of them, before the next event; `tick` comes several times a
second.
"""

import enum
from dataclasses import dataclass


class State(enum.Enum):
    """Where a connection is in its life."""

    NEW = "new"
    NEGOTIATING = "negotiating"
    LIVE = "live"
    DRAINING = "draining"
    CLOSED = "closed"


class EndReason(enum.Enum):
    """Why a connection ended."""

    DELETED = "deleted by the client"
    PEER_CLOSED = "closed by the peer"
    GOODBYE = "goodbye of all its sources"
    SILENT = "silent for too long"
    NOT_CONNECTED = "not connected in time"
    HANDSHAKE_FAILED = "handshake failed"
    TAKEN_OVER = "taken over by another publisher"
    STREAM_ENDED = "stream ended"
    CODEC_CHANGED = "codec of the stream changed"
    TRACKS_CHANGED = "next publisher has other tracks"
    SHUTDOWN = "node shut down"

    @property
    def deliberate(self) -> bool:
        """The peer wanted it: no return is waited for."""
        return self in {EndReason.DELETED, EndReason.PEER_CLOSED, EndReason.GOODBYE}


@dataclass(frozen=True, slots=True)
class StartMedia:
    """Hand media to the receiver or forwarder from now on."""


@dataclass(frozen=True, slots=True)
class SayGoodbye:
    """Send close_notify, if there is anybody to send it to, and report `ConnectionMachine.drained`."""


@dataclass(frozen=True, slots=True)
class Release:
    """Free everything and tell the owner."""

    reason: EndReason
    was_live: bool


Action = StartMedia | SayGoodbye | Release


class ConnectionMachine:
    """Events in, actions out; see the theory of operation above. Times are in nanoseconds."""

    __slots__ = ("_connect_timeout_ns", "_consent_timeout_ns", "_reason", "_since_ns", "_was_live", "state")

    def __init__(self, now_ns: int, connect_timeout_ns: int, consent_timeout_ns: int) -> None:
        self.state = State.NEW
        self._since_ns = now_ns
        self._connect_timeout_ns = connect_timeout_ns
        self._consent_timeout_ns = consent_timeout_ns
        self._reason: EndReason | None = None
        self._was_live = False

    @property
    def over(self) -> bool:
        """Draining or closed."""
        return self._reason is not None

    def answered(self) -> tuple[Action, ...]:
        """The answer is on its way."""
        if self.state is State.NEW:
            self.state = State.NEGOTIATING
        return ()

    def secured(self) -> tuple[Action, ...]:
        """ICE and DTLS are up."""
        if self.state not in {State.NEW, State.NEGOTIATING}:
            return ()
        self.state = State.LIVE
        self._was_live = True
        return (StartMedia(),)

    def ended(self, reason: EndReason) -> tuple[Action, ...]:
        """The connection is over, whoever said so."""
        if self.over:
            return ()
        self._reason = reason
        self.state = State.DRAINING
        return (SayGoodbye(),)

    def drained(self) -> tuple[Action, ...]:
        """Goodbye is said."""
        if self.state is not State.DRAINING or self._reason is None:
            return ()
        self.state = State.CLOSED
        return (Release(self._reason, self._was_live),)

    def tick(self, now_ns: int, last_valid_ns: int) -> tuple[Action, ...]:
        """Time passes.

        Args:
            now_ns: the time.
            last_valid_ns: when the peer last gave a sign of life (`ingest.ice`).
        """
        if self.state is State.LIVE and now_ns - last_valid_ns >= self._consent_timeout_ns:
            return self.ended(EndReason.SILENT)
        if self.state in {State.NEW, State.NEGOTIATING} and now_ns - self._since_ns >= self._connect_timeout_ns:
            return self.ended(EndReason.NOT_CONNECTED)
        return ()
