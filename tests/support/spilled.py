"""What is in a spill folder."""

import os
from pathlib import Path


def spilled_keys(folder: Path) -> list[str]:
    """The keys of the objects that wait in it, sorted, however files and folders come and go meanwhile."""
    return sorted(
        (Path(above).relative_to(folder) / name).as_posix().rpartition(".")[0]
        for above, _, names in os.walk(folder)  # passes over what is not there any more
        for name in names
        if name.rpartition(".")[2].isdecimal()
    )
