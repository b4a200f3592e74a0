"""What the origin's check of its own playlists costs a version, next to writing that version.

    .venv/bin/python bench/self_check.py

A rendition of the `standard` profile with three others grows part by part; each version is written, then checked. The
window is a minute, then an hour: the check must not depend on it much.
"""

import sys
import time
from fractions import Fraction
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from infra.ids import RenditionName
from origin.directives import Skip
from origin.media_playlist import MediaPlaylistWriter
from origin.self_check import SessionCheck
from support.origin_media import Feeder

NAMES = [RenditionName(name) for name in ("720p", "480p", "360p", "audio")]
VERSIONS = 300
PARTS_PER_S = 3


def measure(window_s: int) -> tuple[float, float, float]:
    """Microseconds a version to write it, to check it, and to check a delta update of it."""
    feed = Feeder(window_s)
    feed.begin(*NAMES)
    check, spent = SessionCheck(), [0.0, 0.0, 0.0]
    writers = {name: MediaPlaylistWriter(feed.session.renditions[name]) for name in NAMES}
    others = {name: [each for each in feed.session.renditions.values() if each.name != name] for name in NAMES}
    before = window_s * PARTS_PER_S + 30
    for index in range(before + VERSIONS):
        for name in NAMES:
            feed.part(name, index)
            if index < before - 1:
                continue
            started = time.thread_time()
            version = writers[name].write(others[name])
            version.text(Skip.NOTHING)
            written = time.thread_time()
            complaints = check.whole(name, version)
            checked = time.thread_time()
            complaints += check.update(name, version, Skip.SEGMENTS)
            assert complaints == [], complaints
            if index >= before:
                for which, seconds in enumerate((written - started, checked - written, time.thread_time() - checked)):
                    spent[which] += seconds
    write, whole, update = (seconds / VERSIONS / len(NAMES) * 1e6 for seconds in spent)
    return write, whole, update


def main() -> None:
    """Print the table."""
    print("window  write us  check us  update us  check, share of a core at 4 renditions and 3 parts/s")
    for window_s in (60, 3600):
        write, whole, update = measure(window_s)
        share = Fraction(len(NAMES) * PARTS_PER_S) * Fraction(whole) / 1_000_000
        print(f"{window_s:5d} s {write:9.0f} {whole:9.0f} {update:10.0f}  {float(share):.2%}")


if __name__ == "__main__":
    main()
