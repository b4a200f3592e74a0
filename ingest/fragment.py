"""Pure: trickle fragments, ``application/trickle-ice-sdpfrag`` (RFC 8840): read a client's, write ours.

A lite agent needs no remote candidates, so they are passed over, whatever their transport or address.
"""

from ingest.answer import ICE_OPTIONS, LocalSide, candidate_lines
from ingest.errors import FragmentMalformed, SdpMalformed
from ingest.offer import IceCredentials, read_credentials
from ingest.sdp import Attributes, read_fragment

MEDIA_TYPE = "application/trickle-ice-sdpfrag"


def read_trickle(text: str) -> IceCredentials | None:
    """The ICE session a client's fragment belongs to, None if it does not say.

    Raises:
        FragmentMalformed: it breaks the grammar, or has neither credentials nor candidates nor their end.
    """
    try:
        description = read_fragment(text)
        levels = (description.attributes, *(section.attributes for section in description.sections))
        credentials = _credentials(levels)
    except SdpMalformed as error:
        raise FragmentMalformed(f"trickle fragment refused: {error}") from error
    if credentials is None and not any({"candidate", "end-of-candidates"} & level.keys() for level in levels):
        raise FragmentMalformed(
            "trickle fragment refused: it needs a=ice-ufrag and a=ice-pwd, a=candidate or a=end-of-candidates"
        )
    return credentials


def write_restarted(media: str, mid: str, local: LocalSide) -> str:
    """Our side of a new ICE session, for the first section of the BUNDLE (RFC 9725 4.3.3)."""
    lines = (
        "a=ice-lite",
        f"a=ice-options:{ICE_OPTIONS}",
        f"m={media} 9 RTP/AVP 0",
        f"a=mid:{mid}",
        f"a=ice-ufrag:{local.ice.ufrag}",
        f"a=ice-pwd:{local.ice.pwd}",
        *candidate_lines(local),
    )
    return "".join(f"{line}\r\n" for line in lines)


def _credentials(levels: tuple[Attributes, ...]) -> IceCredentials | None:
    for level in levels:
        ufrag, pwd = level.first("ice-ufrag"), level.first("ice-pwd")
        if ufrag is not None or pwd is not None:
            return read_credentials(ufrag, pwd)
    return None
