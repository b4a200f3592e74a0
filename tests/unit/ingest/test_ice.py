import pytest
from aioice import stun

from ingest.ice import MAX_CHECKED_ADDRESSES, Address, Check, IceAgent, Outcome, read_check, unknown_user
from ingest.offer import IceCredentials
from support.stun_client import TRANSACTION, bare_request, check_to

LOCAL = IceCredentials("ours", "o" * 22)
NEW = IceCredentials("newer", "n" * 22)
REMOTE = IceCredentials("peer", "p" * 22)
HOME: Address = ("192.0.2.1", 5000)
MOBILE: Address = ("198.51.100.7", 6000)
S = 1_000_000_000


def agent() -> IceAgent:
    return IceAgent(LOCAL, REMOTE, 0)


def checked(ice: IceAgent, data: bytes, source: Address = HOME, now_ns: int = 0) -> Outcome:
    check = read_check(data)
    assert isinstance(check, Check)
    return ice.on_check(check, source, now_ns)


def code_of(response: bytes) -> int | None:
    message = stun.parse_message(response)
    assert message.transaction_id == TRANSACTION
    return message.error_code


def test_a_check_is_answered_with_the_address_it_came_from_signed_and_fingerprinted() -> None:
    outcome = checked(agent(), check_to(LOCAL))
    response = stun.parse_message(outcome.response)
    assert response.message_class is stun.Class.RESPONSE
    assert response.attributes["XOR-MAPPED-ADDRESS"] == HOME
    assert response.check_message_integrity(LOCAL.pwd.encode())
    assert "FINGERPRINT" in response.attributes
    assert outcome.checked


@pytest.mark.parametrize(
    ("source", "seen"),
    [(("::ffff:192.0.2.1", 5000, 0, 0), "192.0.2.1"), (("2001:db8::1", 5000, 0, 0), "2001:db8::1")],
)
def test_a_dual_stack_socket_tells_ipv4_peers_their_ipv4_address(source: Address, seen: str) -> None:
    response = stun.parse_message(checked(agent(), check_to(LOCAL), source).response)
    assert response.attributes["XOR-MAPPED-ADDRESS"] == (seen, 5000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 20,
        check_to(LOCAL)[:-1],
        check_to(LOCAL) + b"\x00" * 4,
        check_to(LOCAL)[:-1] + bytes([check_to(LOCAL)[-1] ^ 1]),
        check_to(LOCAL) + b"\x00" * 1300,
        b"\x01\x01" + check_to(LOCAL)[2:],
        b"\x00\x11" + check_to(LOCAL)[2:],
        bare_request(username="ours:peer", fingerprint=False),
        b"\x00\x01\x00\x08\x21\x12\xa4\x42transaction!\x00\x06\x00\x04\xff\xff\xff\xff",
    ],
)
def test_what_is_no_check_is_dropped(data: bytes) -> None:
    assert read_check(data) is None


@pytest.mark.parametrize("data", [bare_request(), bare_request(username="ours:peer"), check_to(LOCAL, username="ours")])
def test_a_request_without_short_term_credentials_gets_400(data: bytes) -> None:
    response = read_check(data)
    assert isinstance(response, bytes)
    assert code_of(response) == 400


def test_an_unknown_user_or_a_wrong_password_gets_401_and_proves_nothing() -> None:
    ice = agent()
    for data in (check_to(NEW), check_to(LOCAL, password="wrong")):
        outcome = checked(ice, data, now_ns=5 * S)
        assert (code_of(outcome.response), outcome.checked) == (401, False)
    assert (ice.selected, ice.addresses, ice.last_valid_ns) == (None, (), 0)
    check = read_check(check_to(NEW))
    assert isinstance(check, Check)
    assert code_of(unknown_user(check)) == 401


def test_a_peer_that_wants_to_be_controlled_too_is_told_of_the_conflict() -> None:
    ice = agent()
    outcome = checked(ice, check_to(LOCAL, controlled=True))
    assert (code_of(outcome.response), outcome.checked) == (487, False)
    assert stun.parse_message(outcome.response).check_message_integrity(LOCAL.pwd.encode())
    assert ice.selected is None


def test_the_first_checked_address_is_selected_and_the_last_nominated_one_after_it() -> None:
    ice = agent()
    checked(ice, check_to(LOCAL, nominate=False), HOME)
    assert ice.selected == HOME
    checked(ice, check_to(LOCAL, nominate=False), MOBILE)
    assert ice.selected == HOME
    checked(ice, check_to(LOCAL), MOBILE)
    assert ice.selected == MOBILE
    assert ice.addresses == (HOME, MOBILE)


def test_addresses_are_bounded_and_the_selected_one_is_kept() -> None:
    ice = agent()
    sources: list[Address] = [("192.0.2.1", 1000 + number) for number in range(MAX_CHECKED_ADDRESSES + 1)]
    outcomes = [checked(ice, check_to(LOCAL, nominate=False), source) for source in sources]
    assert [outcome.dropped for outcome in outcomes if outcome.dropped] == [sources[1]]
    assert len(ice.addresses) == MAX_CHECKED_ADDRESSES
    assert ice.selected == sources[0]


def test_checks_and_authenticated_media_are_signs_of_life() -> None:
    ice = agent()
    assert ice.consents(8 * S - 1, 8 * S)
    assert not ice.consents(8 * S, 8 * S)
    checked(ice, check_to(LOCAL), now_ns=5 * S)
    assert ice.consents(12 * S, 8 * S)
    ice.on_authenticated(20 * S)
    assert ice.last_valid_ns == 20 * S


def test_a_restart_keeps_the_old_session_until_the_new_one_is_nominated() -> None:
    ice = agent()
    checked(ice, check_to(LOCAL), HOME)
    assert not ice.restarting
    assert ice.restart(NEW, IceCredentials("peer2", "q" * 22)) is None
    assert ice.restarting
    assert ice.remote_before == REMOTE
    assert ice.ufrags() == ("newer", "ours")
    assert ice.remote.ufrag == "peer2"
    assert checked(ice, check_to(LOCAL), HOME).checked
    assert checked(ice, check_to(NEW, nominate=False), MOBILE).retired is None
    assert ice.selected == HOME
    assert checked(ice, check_to(NEW), MOBILE).retired == "ours"
    assert (ice.selected, ice.ufrags()) == (MOBILE, ("newer",))
    assert not ice.restarting
    assert not checked(ice, check_to(LOCAL), HOME).checked


def test_a_second_restart_retires_the_session_that_was_still_passing() -> None:
    ice = agent()
    ice.restart(NEW, REMOTE)
    newest = IceCredentials("newest", "x" * 22)
    assert ice.restart(newest, REMOTE) == "ours"
    assert ice.ufrags() == ("newest", "newer")
