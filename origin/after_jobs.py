"""Pure: one piece of work after a session, how its states follow each other, and when it is tried again.

States: waiting, working, failed (given up). A job that is done is forgotten. A node that dies leaves its job `working`;
the next one finds it so and begins again, which costs no attempt: every job may be run twice.
"""

import enum
from dataclasses import dataclass, replace
from typing import Self

from pydantic import TypeAdapter

from infra.ids import SessionId, StreamName

MAX_ATTEMPTS = 10  # over 36 minutes
RETRY_FIRST_S = 5
RETRY_CAP_S = 900
_MAX_WHY_CHARS = 300


class Task(enum.StrEnum):
    """What is to be done."""

    MAKE = "make"  # playlists, pictures, MP4 file, entry
    REMOVE = "remove"  # everything


class State(enum.StrEnum):
    """How far it is."""

    WAITING = "waiting"
    WORKING = "working"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AfterJob:
    """A piece of work.

    Attributes:
        stream: whose session.
        session: the session.
        task: what is to be done with it.
        state: how far it is.
        attempts: how often it failed.
        why: it failed last; empty if it never did.
    """

    stream: StreamName
    session: SessionId
    task: Task
    state: State = State.WAITING
    attempts: int = 0
    why: str = ""

    @property
    def retry_delay_s(self) -> int:
        """How long to wait before the next attempt."""
        return min(RETRY_CAP_S, RETRY_FIRST_S << max(0, self.attempts - 1)) if self.attempts else 0

    def begun(self) -> Self:
        """It is being worked on."""
        return replace(self, state=State.WORKING)

    def failed(self, why: str) -> Self:
        """An attempt failed: it waits for the next one, or is given up."""
        attempts = self.attempts + 1
        state = State.FAILED if attempts >= MAX_ATTEMPTS else State.WAITING
        return replace(self, state=state, attempts=attempts, why=why[:_MAX_WHY_CHARS])

    def fresh(self) -> Self:
        """It waits, as if it had never failed: a node that starts may have what the last one lacked."""
        return replace(self, state=State.WAITING, attempts=0)


_JOB: TypeAdapter[AfterJob] = TypeAdapter(AfterJob)


def print_job(job: AfterJob) -> bytes:
    """A job as it is kept."""
    return _JOB.dump_json(job)


def parse_job(data: bytes) -> AfterJob:
    """A job that was kept.

    Raises:
        ValueError: the bytes are none.
    """
    return _JOB.validate_json(data)
