"""Pure: the ICE-lite agent of one connection, and STUN checks read and answered (RFC 8445, RFC 8489).

Theory of operation. A lite agent opens nothing: it answers the connectivity checks of its full peer. A check that
carries the password of a current ICE session proves that the peer is at the source address of the check (a *checked*
address). Datagrams of the peer are taken from checked addresses only; ours go to the *selected* one, which is the first
checked address until the peer nominates one, then the last one nominated (RFC 8445 7.3.1.5).

States of an ICE session: current, or *passing*: after `IceAgent.restart` the old credentials stay valid until the peer
nominates with the new ones, so media never stops (RFC 8445 2.4).

Consent (RFC 7675): a lite agent sends no consent checks; it takes the peer's checks, and media that passed
authentication, as the sign of life. `IceAgent.consents` is False when none came for the timeout.

Assumed of the caller: it finds the agent by the first half of USERNAME, hands over each check once, and performs the
returned outcome before the next one.
"""

import ipaddress
from dataclasses import dataclass

from aioice import stun

from ingest.offer import IceCredentials

Address = tuple[str, int] | tuple[str, int, int, int]  # as the socket gives it; IPv6 adds flow and scope

MAX_CHECKED_ADDRESSES = 16  # of one peer; a laptop with VPNs and IPv6 comes to ten
_HEADER_BYTES = 20
_MAX_CHECK_BYTES = 1280  # no real check is longer than 200; RFC 8489 6.1 keeps STUN below the smallest path MTU
_COOKIE = stun.COOKIE.to_bytes(4, "big")
_BINDING_REQUEST = 0x0001
_ROLE_CONFLICT = (487, "Role Conflict")
_UNAUTHENTICATED = (401, "Unauthenticated")
_BAD_REQUEST = (400, "Bad Request")


@dataclass(frozen=True, slots=True)
class Check:
    """A binding request that has the form of a connectivity check; not authenticated yet."""

    message: stun.Message
    ufrag: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from one check.

    Attributes:
        response: STUN message to send back to where the check came from.
        checked: the source address belongs to the peer from now on.
        dropped: an address that does no longer.
        retired: a local ufrag that is not valid any more.
    """

    response: bytes
    checked: bool = False
    dropped: Address | None = None
    retired: str | None = None


def read_check(data: bytes) -> Check | bytes | None:
    """A datagram that looks like STUN, as a check.

    Returns:
        The check; or the error response to send, if it is a request without short-term credentials (RFC 8489 9.1.3);
        or None if it is to be dropped: no STUN, no request, no FINGERPRINT or a wrong one.
    """
    if not _HEADER_BYTES <= len(data) <= _MAX_CHECK_BYTES or data[4:8] != _COOKIE:
        return None
    if int.from_bytes(data[:2], "big") != _BINDING_REQUEST:
        return None
    try:
        message = stun.parse_message(data)
    except Exception:  # noqa: BLE001  the codec raises what struct, ipaddress, enum and str raise on hostile bytes
        return None
    attributes = message.attributes
    if "FINGERPRINT" not in attributes:
        return None
    username = attributes.get("USERNAME")
    if username is None or "MESSAGE-INTEGRITY" not in attributes or ":" not in username:
        return error_response(message, _BAD_REQUEST)
    return Check(message, username.partition(":")[0])


def unknown_user(check: Check) -> bytes:
    """The response to a check whose USERNAME belongs to nobody (RFC 8489 9.1.3)."""
    return error_response(check.message, _UNAUTHENTICATED)


def error_response(request: stun.Message, code: tuple[int, str], key: bytes | None = None) -> bytes:
    """An error response, signed if there is a key to sign it with."""
    response = stun.Message(stun.Method.BINDING, stun.Class.ERROR, request.transaction_id)
    response.attributes["ERROR-CODE"] = code
    _seal(response, key)
    return bytes(response)


class IceAgent:
    """One connection's ICE-lite agent; see the theory of operation above."""

    __slots__ = ("_addresses", "_last_valid_ns", "_passing", "local", "remote", "remote_before", "selected")

    def __init__(self, local: IceCredentials, remote: IceCredentials, now_ns: int) -> None:
        self.local = local
        self.remote = remote
        self.remote_before: IceCredentials | None = None  # of the ICE session before, None without a restart
        self.selected: Address | None = None
        self._passing: IceCredentials | None = None
        self._addresses: dict[Address, None] = {}  # in the order of their last check
        self._last_valid_ns = now_ns

    @property
    def addresses(self) -> tuple[Address, ...]:
        """All checked addresses, the one checked last at the end."""
        return tuple(self._addresses)

    @property
    def last_valid_ns(self) -> int:
        """When the peer last gave a sign of life; the start of the session if never."""
        return self._last_valid_ns

    def on_check(self, check: Check, source: Address, now_ns: int) -> Outcome:
        """Answer one check."""
        credentials = self._credentials(check.ufrag)
        if credentials is None:
            return Outcome(unknown_user(check))
        key = credentials.pwd.encode()
        message = check.message
        if not message.check_message_integrity(key):
            return Outcome(unknown_user(check))
        if "ICE-CONTROLLED" in message.attributes:  # a lite agent is always the controlled one (RFC 8445 6.1.1)
            return Outcome(error_response(message, _ROLE_CONFLICT, key))
        self._last_valid_ns = now_ns
        dropped = self._remember(source)
        retired = self._nominate(credentials, source, nominated="USE-CANDIDATE" in message.attributes)
        return Outcome(_success(message, source, key), checked=True, dropped=dropped, retired=retired)

    def on_authenticated(self, now_ns: int) -> None:
        """Note media that passed authentication: a sign of life."""
        self._last_valid_ns = now_ns

    def consents(self, now_ns: int, timeout_ns: int) -> bool:
        """Whether the peer gave a sign of life within the timeout."""
        return now_ns - self._last_valid_ns < timeout_ns

    def restart(self, local: IceCredentials, remote: IceCredentials) -> str | None:
        """Begin a new ICE session; the old one goes on until the peer nominates in the new one.

        Returns:
            A local ufrag that is not valid any more: that of an older session which was still passing.
        """
        retired = self._passing.ufrag if self._passing is not None else None
        self._passing = self.local
        self.local = local
        self.remote, self.remote_before = remote, self.remote
        return retired

    @property
    def restarting(self) -> bool:
        """The peer has not nominated in the current ICE session yet, and an older one goes on."""
        return self._passing is not None

    def ufrags(self) -> tuple[str, ...]:
        """The local ufrags that are valid now."""
        return (self.local.ufrag,) if self._passing is None else (self.local.ufrag, self._passing.ufrag)

    def _credentials(self, ufrag: str) -> IceCredentials | None:
        if ufrag == self.local.ufrag:
            return self.local
        if self._passing is not None and ufrag == self._passing.ufrag:
            return self._passing
        return None

    def _remember(self, source: Address) -> Address | None:
        self._addresses.pop(source, None)
        self._addresses[source] = None
        if len(self._addresses) <= MAX_CHECKED_ADDRESSES:
            return None
        oldest = next(address for address in self._addresses if address != self.selected)
        del self._addresses[oldest]
        return oldest

    def _nominate(self, credentials: IceCredentials, source: Address, *, nominated: bool) -> str | None:
        if nominated or self.selected is None:
            self.selected = source
        if nominated and credentials is self.local and self._passing is not None:
            retired, self._passing = self._passing.ufrag, None
            return retired
        return None


def _success(request: stun.Message, source: Address, key: bytes) -> bytes:
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
    response.attributes["XOR-MAPPED-ADDRESS"] = (_as_the_peer_sees_it(source[0]), source[1])
    _seal(response, key)
    return bytes(response)


def _seal(response: stun.Message, key: bytes | None) -> None:
    if key is None:
        response.add_fingerprint()
    else:
        response.add_message_integrity(key)


def _as_the_peer_sees_it(address: str) -> str:
    """An IPv4 address that came in on an IPv6 socket, as IPv4 again."""
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)
