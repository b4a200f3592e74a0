"""The corpus of session offers, and the smallest one there is, to be broken in tests."""

from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "offers"
FINGERPRINT = ":".join(["AB"] * 32)

TRANSPORT = f"""\
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuv
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
"""
VIDEO = """\
m=video 9 UDP/TLS/RTP/SAVPF 96 97
c=IN IP4 0.0.0.0
a=mid:v
a=sendonly
a=rtcp-mux
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1;profile-level-id=42e01f
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
"""
AUDIO = """\
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:a
a=sendonly
a=rtcp-mux
a=rtpmap:111 opus/48000/2
"""
HEAD = """\
v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE v a
"""
OFFER = HEAD + TRANSPORT + VIDEO + AUDIO
VIEWER_OFFER = OFFER.replace("sendonly", "recvonly")


def offer_of(client: str) -> str:
    """An offer of the corpus, as it was sent."""
    return (FOLDER / f"{client}.sdp").read_bytes().decode()
