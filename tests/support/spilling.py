"""A process that is given objects while its store does not answer, says when all are spilled, and waits to be killed.

usage: spilling.py STORAGE ENDPOINT FOLDER
"""

import asyncio
import sys
from pathlib import Path

from infra.clock import SystemClock
from infra.settings import Settings
from origin.storage.factory import open_storage, spill_folder


async def main(storage: str, endpoint: str, folder: str) -> None:
    settings = Settings(
        storage=storage, s3_endpoint=endpoint, s3_region="us-east-1", s3_timeout_s=0.3, spill_folder=folder
    )
    writer = await open_storage(settings, SystemClock())
    await writer.start()
    for n in range(10):
        writer.put(f"k{n}", bytes([n]) * 150_000)
    spill = spill_folder(settings, {})
    assert spill is not None
    while sum(path.is_file() for path in spill.glob("k*")) < 10:
        await asyncio.sleep(0.01)
    sys.stdout.write(f"spilled into {Path(spill)}\n")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
