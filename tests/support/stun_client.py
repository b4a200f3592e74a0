"""Connectivity checks as a full ICE agent sends them."""

from aioice import stun

from ingest.offer import IceCredentials

TRANSACTION = b"transaction!"


def check_to(
    local: IceCredentials,
    *,
    nominate: bool = True,
    controlled: bool = False,
    password: str | None = None,
    username: str | None = None,
) -> bytes:
    """A binding request to the agent with these credentials."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, TRANSACTION)
    request.attributes["USERNAME"] = f"{local.ufrag}:peer" if username is None else username
    request.attributes["PRIORITY"] = 1
    request.attributes["ICE-CONTROLLED" if controlled else "ICE-CONTROLLING"] = 7
    if nominate:
        request.attributes["USE-CANDIDATE"] = None
    request.add_message_integrity((local.pwd if password is None else password).encode())
    return bytes(request)


def bare_request(*, username: str | None = None, fingerprint: bool = True) -> bytes:
    """A binding request without MESSAGE-INTEGRITY."""
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, TRANSACTION)
    if username is not None:
        request.attributes["USERNAME"] = username
    if fingerprint:
        request.add_fingerprint()
    return bytes(request)
