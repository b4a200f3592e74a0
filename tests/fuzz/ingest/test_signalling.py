"""Offers, trickle fragments and STUN from nowhere: a value or a documented refusal, never anything else."""

import contextlib
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.answer import LocalSide, write_answer
from ingest.errors import FragmentMalformed, OfferUnservable, SdpMalformed
from ingest.fragment import read_trickle
from ingest.ice import Check, IceAgent, read_check
from ingest.negotiation import agree_to_publish
from ingest.offer import IceCredentials, Purpose, read_offer
from support.offers import FOLDER, OFFER, offer_of
from support.stun_client import check_to

EXAMPLES = 150
LOCAL = IceCredentials("ours", "o" * 22)
LOCAL_SIDE = LocalSide(LOCAL, "AB", ["192.0.2.1"], 8189, 2500)
LINES = sorted({line for path in FOLDER.glob("*.sdp") for line in offer_of(path.stem).splitlines()})
ODD = st.sampled_from(
    ["", "a=", "=", "a=setup:holdconn", "a=rtpmap:96", "a=fmtp:1 x", "m=", "a=mid:", "\x00", "a=\u0660"]
)


def valued(line: str, text: str) -> list[str]:
    """The attribute with another value."""
    return [line.partition(":")[0] + ":" + text]


def publish(text: str) -> None:
    with contextlib.suppress(SdpMalformed, OfferUnservable):
        offer = read_offer(text, Purpose.PUBLISH)
        answer = write_answer(offer, agree_to_publish(offer), Purpose.PUBLISH, LOCAL_SIDE, "film")
        assert answer.count("m=") == len(offer.sections)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_refused_in_one_of_two_ways(text: str) -> None:
    publish(text)
    publish("v=0\r\n" + text)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.sampled_from(LINES) | ODD, max_size=40))
def test_lines_of_real_offers_in_any_order(lines: list[str]) -> None:
    publish("v=0\r\n" + "\r\n".join(lines))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.data())
def test_real_offers_with_lines_lost_doubled_cut_and_changed(data: st.DataObject) -> None:
    lines = OFFER.splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(1, len(lines) - 1))
        line = lines[at]
        changed = data.draw(
            st.sampled_from([[], [line, line], [line[: len(line) // 2]], [line.upper()]])
            | ODD.map(lambda odd: [odd])
            | st.text(max_size=12).map(partial(valued, line))
        )
        lines[at : at + 1] = changed
    publish("\r\n".join(lines))


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(LINES) | ODD, max_size=12).map("\r\n".join))
def test_any_trickle_fragment_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(FragmentMalformed):
        read_trickle(text)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 119), st.booleans())
def test_no_datagram_gets_past_the_integrity_check(noise: bytes, at: int, headed: bool) -> None:
    valid = check_to(LOCAL)
    agent = IceAgent(LOCAL, LOCAL, 0)
    for data in (
        noise,
        valid[:8] + noise,
        valid[:at] + noise + valid[at:],
        valid[:at] + noise if headed else valid[at:],
    ):
        check = read_check(data)
        if isinstance(check, Check):
            outcome = agent.on_check(check, ("192.0.2.1", 1), 1)
            assert outcome.checked == (data == valid)
