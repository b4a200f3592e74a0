"""What the latency lab does without a browser: addresses, answers, and refusals in one sentence."""

import pytest

from infra.errors import BadRequest
from infra.latency_lab import chromium, target_of, with_candidate
from infra.webrtc_client import ClientFailed

ANSWER = """v=0\r
m=video 9 UDP/TLS/RTP/SAVPF 96\r
a=candidate:1 1 udp 2130706431 192.0.2.1 8189 typ host\r
a=candidate:2 1 tcp 1671430143 192.0.2.1 8189 typ host tcptype passive\r
a=end-of-candidates\r
"""


@pytest.mark.parametrize(
    ("url", "base_url", "address", "stream"),
    [
        ("http://node:8080", "http://node:8080", ("node", 8080), "latency"),
        ("http://node:8080/", "http://node:8080", ("node", 8080), "latency"),
        ("http://[::1]:9/watch/film", "http://[::1]:9", ("::1", 9), "film"),
        ("https://cdn.example/live/film/index.m3u8", "https://cdn.example", ("cdn.example", 443), "film"),
        ("http://cdn.example/whep/film", "http://cdn.example", ("cdn.example", 80), "film"),
    ],
)
def test_a_url_names_a_node_or_one_of_its_streams(
    url: str, base_url: str, address: tuple[str, int], stream: str
) -> None:
    target = target_of(url)
    assert (target.base_url, (target.host, target.port), target.stream) == (base_url, address, stream)


def test_a_stream_that_cannot_be_named_is_refused() -> None:
    with pytest.raises(BadRequest):
        target_of("http://node/watch/a%20b")


def test_an_answer_leads_through_the_relay_and_nowhere_else() -> None:
    changed = with_candidate(ANSWER, "127.0.0.1", 5000)
    assert changed.count("a=candidate:") == 1
    assert "a=candidate:1 1 udp 2130706431 127.0.0.1 5000 typ host\r\na=end-of-candidates\r\n" in changed


async def test_a_machine_without_a_browser_is_told_which_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ClientFailed, match="no browser found: measuring latency wants one of chromium, "):
        async with chromium():
            pass
