"""Pure: what can go wrong while transcoding.

::

    infra.errors.Broken
     +-- TranscoderError
          +-- TimelineBroken     the source's clock jumped further than pictures can be repeated
          +-- PushFailed         the origin refused the media or went away
"""

from infra.errors import Broken


class TranscoderError(Broken):
    """The worker cannot go on; its supervisor starts another one."""


class TimelineBroken(TranscoderError):
    """The source's clock jumped further than pictures can be repeated."""


class PushFailed(TranscoderError):
    """The origin refused the media or went away."""
