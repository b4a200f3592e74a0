import pytest

from ingest.answer import LocalSide
from ingest.errors import FragmentMalformed
from ingest.fragment import read_trickle, write_restarted
from ingest.offer import IceCredentials

CREDENTIALS = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
CANDIDATE = "a=candidate:1 1 udp 1 192.0.2.1 5000 typ host\r\n"


def test_candidates_of_any_kind_are_passed_over() -> None:
    tcp = "a=candidate:2 2 tcp 1 fe80::1 9 typ host tcptype active\r\n"
    text = f"{CREDENTIALS}m=audio 9 RTP/AVP 0\r\na=mid:0\r\na=\r\n{CANDIDATE}{tcp}a=end-of-candidates\r\n"
    assert read_trickle(text) == IceCredentials("abcd", "abcdefghijklmnopqrstuv")


def test_credentials_may_stand_in_the_section_or_be_missing() -> None:
    in_section = f"m=video 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n{CREDENTIALS}{CANDIDATE}"
    assert read_trickle(in_section) == IceCredentials("abcd", "abcdefghijklmnopqrstuv")
    assert read_trickle(CANDIDATE) is None
    assert read_trickle("m=video 9 RTP/AVP 0\r\na=mid:0\r\na=end-of-candidates\r\n") is None


@pytest.mark.parametrize("text", ["", "hello", "a=mid:0", "a=ice-ufrag:abcd", "a=ice-pwd:x", "m=x\r\n" + CANDIDATE])
def test_a_fragment_that_says_nothing_or_half_a_thing_is_refused(text: str) -> None:
    with pytest.raises(FragmentMalformed, match="trickle fragment refused"):
        read_trickle(text)


def test_a_restart_is_answered_with_our_new_credentials_and_all_candidates() -> None:
    local = LocalSide(IceCredentials("ufrag", "p" * 22), "AB", ["192.0.2.1"], 8189, 2500)
    assert write_restarted("video", "v", local).split("\r\n") == [
        "a=ice-lite",
        "a=ice-options:trickle ice2",
        "m=video 9 RTP/AVP 0",
        "a=mid:v",
        "a=ice-ufrag:ufrag",
        "a=ice-pwd:pppppppppppppppppppppp",
        "a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host",
        "a=end-of-candidates",
        "",
    ]
