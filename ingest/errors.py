"""Pure: what a peer of the WebRTC side can get wrong, and what this side can run out of.

::

    infra.errors.PeerError
     +-- BadRequest
     |    +-- SdpMalformed           not a session description, or one that breaks its own grammar     400
     |    +-- FragmentMalformed      a trickle fragment that breaks its grammar                       400
     +-- Unprocessable
     |    +-- OfferUnservable        a valid offer that asks for what this server does not do         422
     +-- Conflict
     |    +-- StreamBusy             a second publisher of a stream                                   409
     |    +-- StreamNotLive          a viewer of a stream that has no publisher                       409
     +-- NotFound
     |    +-- ResourceUnknown        no such WHIP or WHEP resource                                    404
     +-- PreconditionFailed
     |    +-- IceSessionPassed       If-Match names an ICE session that is not the current one        412
     infra.errors.Unavailable
     +-- NodeFull                    a limit of the node is reached                                   503
     +-- NodeDraining                the node starts or shuts down                                       503
"""

from infra import errors

_SHOWN_CHARS = 40  # of refused input: enough to recognise it, too little to flood a log


class SdpMalformed(errors.BadRequest):
    """Not a session description."""


class FragmentMalformed(errors.BadRequest):
    """Not a trickle fragment (RFC 8840)."""


class OfferUnservable(errors.Unprocessable):
    """A valid offer that asks for what this server does not do."""


class StreamBusy(errors.Conflict):
    """The stream has a publisher already."""


class StreamNotLive(errors.Conflict):
    """The stream has no publisher now."""


class ResourceUnknown(errors.NotFound):
    """No such WHIP or WHEP resource."""


class IceSessionPassed(errors.PreconditionFailed):
    """If-Match names another ICE session than the current one."""


class NodeFull(errors.Unavailable):
    """A limit of the node is reached."""


class NodeDraining(errors.Unavailable):
    """The node is starting or shutting down."""


def shown(text: str) -> str:
    """Refused input as it may stand in a sentence: quoted, escaped, at most 40 characters of it."""
    return repr(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "...")
