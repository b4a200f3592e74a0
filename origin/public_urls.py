"""Pure: a multivariant playlist whose addresses lie on another host: a CDN, a second name of this one."""

import re

_ATTRIBUTE = re.compile(r'(\bURI=")([^"]*)(")')
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def on_base(playlist: str, base_url: str) -> str:
    """The playlist with every relative address put below a base.

    What media playlists name is relative to them, so that players stay on the host to which this playlist sends them.

    Args:
        playlist: of tags with ``URI`` attributes, and lines with addresses (rfc8216bis 4.1).
        base_url: of the folder that the playlist lies in, without a slash at the end.
    """
    return "\n".join(_line(line, base_url) for line in playlist.split("\n"))


def _line(line: str, base_url: str) -> str:
    if line.startswith("#"):
        return _ATTRIBUTE.sub(lambda found: f"{found[1]}{_moved(found[2], base_url)}{found[3]}", line)
    return _moved(line, base_url) if line else line


def _moved(address: str, base_url: str) -> str:
    return address if address.startswith("/") or _ABSOLUTE.match(address) else f"{base_url}/{address}"
