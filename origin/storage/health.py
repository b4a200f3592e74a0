"""Edge: whether the store takes what it is given: logged when that changes, told to whoever asks."""

import structlog

from origin import metrics
from origin.storage.contract import ObjectStore
from origin.storage.errors import StoreMisconfigured, StoreTroubled

_log = structlog.get_logger("origin.storage")


class StoreHealth:
    """What is known of a store.

    Attributes:
        trouble: what it said when it last failed; None while it works.
        reached: it has worked at least once.
    """

    __slots__ = ("reached", "trouble")

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.reached = False

    async def check(self, store: ObjectStore) -> None:
        """Try the store out; trouble that may pass is only noted.

        Raises:
            StoreMisconfigured: no try will succeed until the operator puts something right.
        """
        try:
            await store.check()
        except StoreTroubled as error:
            self.failed(error)
        else:
            self.works()

    def failed(self, error: Exception) -> None:
        """It failed; said once, until it works again or fails otherwise."""
        said = str(error) or repr(error)
        if isinstance(error, StoreMisconfigured):
            if said != self.trouble:
                _log.error("the store refuses what is finished; it waits", why=said)
        elif self.trouble is None:
            _log.warning("the store is in trouble; what is finished waits", why=said)
        self.trouble = said
        metrics.STORE_TROUBLE.set(1)

    def works(self) -> None:
        """It took something."""
        if self.trouble is not None:
            _log.info("the store works again")
        self.trouble = None
        self.reached = True
        metrics.STORE_TROUBLE.set(0)
