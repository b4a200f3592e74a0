import pytest

from ingest.ice_servers import ice_server_links, ice_servers_json, read_ice_servers

URLS = ["stun:stun.example.org", "turn:192.0.2.1:3478?transport=udp", "turns:[2001:db8::1]:5349?transport=tcp"]


def test_servers_become_links_and_json() -> None:
    servers = read_ice_servers(URLS)
    assert ice_server_links(servers)[1] == '<turn:192.0.2.1:3478?transport=udp>; rel="ice-server"'
    assert ice_servers_json(servers) == [{"urls": [url]} for url in URLS]


@pytest.mark.parametrize(
    "url", ["", "http://x", "stun:", "stun:x?transport=udp", "turn:x?transport=sctp", 'stun:x>; rel="y"', "stun:a b"]
)
def test_what_is_no_stun_or_turn_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="refused"):
        read_ice_servers([url])
