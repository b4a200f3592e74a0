"""Edge: one piece of work after a session, in a process of its own.

``python -m origin.after_process`` is nice to all others, so that neither the CPU it takes nor a crash of libav touches
the node. Settings and job are on standard input; the exit code is 0 when the job is done, and otherwise the last line
on standard error says why not. The kernel ends it when the node is gone.
"""

import asyncio
import ctypes
import os
import signal
import sys
from pathlib import Path

from pydantic import BaseModel

from infra.clock import SystemClock
from infra.settings import Settings
from origin import after
from origin.after_jobs import AfterJob, Task
from origin.storage.factory import open_store

NICENESS = 10  # live encoding goes first
_PR_SET_PDEATHSIG = 1


class Order(BaseModel):
    """What the process is told.

    Attributes:
        node_pid: process id of the node.
        settings: of the node.
        job: what is to be done.
        work: folder for files until the store has them.
    """

    node_pid: int
    settings: Settings
    job: AfterJob
    work: Path


async def perform(order: Order) -> None:
    """Do a job on the store that the settings name."""
    store = await asyncio.to_thread(open_store, order.settings, SystemClock())
    try:
        match order.job.task:
            case Task.MAKE:
                await after.make(store, order.job.stream, order.job.session, order.work)
            case Task.REMOVE:
                await after.remove(store, order.job.stream, order.job.session)
    finally:
        await store.close()


def main() -> int:
    """Do the job that is on standard input."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is the node's to handle
    order = Order.model_validate_json(sys.stdin.buffer.read())
    if os.getppid() != order.node_pid:  # the node went before the kernel was asked to watch it
        return 1
    os.nice(NICENESS)
    try:
        asyncio.run(perform(order))
    except Exception as error:  # noqa: BLE001  # said in one line; the node logs it
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
        os._exit(1)  # threads may hang in libav; nothing here is worth waiting for
    return 0


if __name__ == "__main__":
    sys.exit(main())
