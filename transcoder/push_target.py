"""Pure: where a worker pushes its media."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PushTarget:
    """An origin's CMAF ingest.

    Attributes:
        base_url: scheme, host and port, without a slash at the end.
        token: bearer token that the origin asks for; not shown in a repr.
    """

    base_url: str
    token: str = field(repr=False)
