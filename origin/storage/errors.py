"""Pure: what can go wrong with stored objects, and whose fault it is.

::

    infra.errors.TandemError
     +-- BadRequest
     |    +-- KeyRefused              not a key                                                         400
     |    +-- StorageSettingRefused   the setting names no store there is                               400
     +-- NotFound
     |    +-- ObjectUnknown           nothing is stored under this key                                  404
     +-- Broken
     |    +-- StoreMisconfigured      the operator must put something right: credentials, a bucket      500
     +-- Unavailable
          +-- StoreTroubled           the store, the disk or the way there: worth another try           503
"""

from infra import errors


class KeyRefused(errors.BadRequest):
    """Not a key: one or more names joined by ``/``, none of which starts with a dot."""


class StorageSettingRefused(errors.BadRequest):
    """The setting names no store there is."""


class ObjectUnknown(errors.NotFound):
    """Nothing is stored under this key."""


class StoreMisconfigured(errors.Broken):
    """No try will succeed until the operator puts something right; the sentence says what."""


class StoreTroubled(errors.Unavailable):
    """The store, its disk, or the way there is in trouble; another try may succeed."""
