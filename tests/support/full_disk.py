"""A process whose folder takes no large file for a while: prints what that is called, ends when everything is stored.

usage: full_disk.py FOLDER
"""

import asyncio
import resource
import sys
from pathlib import Path

from infra.clock import SystemClock
from origin.storage.errors import StoreTroubled
from origin.storage.filesystem import FolderStore
from origin.storage.pending import Room
from origin.storage.write_behind import WriteBehind

LIMIT_BYTES = 100_000


async def main(folder: Path) -> None:
    store = FolderStore(folder / "media")
    writer = WriteBehind(store, SystemClock(), Room(64 << 20), retry_first_s=0.01)
    await writer.start()
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, hard))
    try:
        await store.put("probe", bytes(150_000))
    except StoreTroubled as error:
        sys.stdout.write(f"{error}\n")
    for n in range(10):
        writer.put(f"k{n}", bytes([n]) * 150_000)
    while writer.pending[0] < 10 or not await asyncio.to_thread(_is_clean, folder / "media"):
        await asyncio.sleep(0.01)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert await writer.flush(20)
    await writer.close()


def _is_clean(folder: Path) -> bool:
    """Nothing torn is there under its name."""
    assert not list(folder.glob("k*"))
    return True


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
