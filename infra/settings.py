"""Pure: the one frozen tree of options. Flags, ``TANDEM_*`` variables and a TOML file fill it (`configuration`)."""

import enum
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

SECRET_MIN_CHARS = 16


class Profile(enum.StrEnum):
    """Latency profile of HLS: how long parts and segments are."""

    STANDARD = "standard"
    ULTRA = "ultra"


class Fsync(enum.StrEnum):
    """What the folder store brings to the disk before an object counts as stored."""

    FULL = "full"
    FILE = "file"
    NONE = "none"


def _split_list(value: object) -> object:
    """A list as a variable holds it: separated by commas or blanks."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _read_integer(value: object) -> object:
    """An integer as a variable holds it; pydantic compares choices with what is given and converts nothing."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _long_enough(secret: SecretStr) -> SecretStr:
    """A secret that is not said is as good as none; one that can be guessed is worse."""
    if 0 < len(secret.get_secret_value()) < SECRET_MIN_CHARS:
        raise ValueError(f"a secret has at least {SECRET_MIN_CHARS} characters")
    return secret


def _base_url(url: str) -> str:
    """An absolute URL without query; a slash at its end says nothing."""
    if url and not re.fullmatch(r"https?://[^\s?#\"]+", url):
        raise ValueError("a base URL begins with http:// or https:// and has no query")
    return url.rstrip("/")


Secret = Annotated[SecretStr, AfterValidator(_long_enough)]
Words = Annotated[tuple[str, ...], BeforeValidator(_split_list)]


class Settings(BaseModel):
    """Every option of a node. The unit is in the name; the range is checked; the reason is in the description."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    # HTTP
    host: str = "127.0.0.1"
    """Address that HTTP and WebRTC are bound to. Loopback by default: nothing is exposed by accident."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """TCP port of HTTP; 0 takes a free one."""

    media_base_url: Annotated[str, AfterValidator(_base_url)] = ""
    """Where players are sent for everything below the multivariant playlist, such as a CDN's https://cdn.example."""
    https: bool = False
    """Start nginx or Caddy in front of the node, with TLS, HTTP/2 and (Caddy) HTTP/3."""
    https_port: Annotated[int, Field(ge=1, le=65535)] = 8443
    """TCP port of HTTPS, and UDP port of HTTP/3."""
    https_program: Literal["auto", "nginx", "caddy"] = "auto"
    """Which program; auto: nginx if it is installed, else Caddy."""
    https_names: Words = ()
    """Names and addresses in the local certificate, besides localhost, this host's name and the bound address."""
    https_certificate: str = ""
    """Certificate with its chain, a PEM file; empty: a local one that browsers warn of once."""
    https_key: str = ""
    """Key of that certificate, a PEM file."""

    # Access
    encoder_token: Secret = SecretStr("")
    """Token with which foreign encoders push CMAF to /cmaf/STREAM/RENDITION; empty: they may not."""

    admin_token: Secret = SecretStr("")
    """Token with which recordings are removed or made again (/api/recordings); empty: nobody may."""
    viewer_secret: Secret = SecretStr("")
    """Secret that viewers' paths are signed with (`tandem token`); empty: everybody who reaches the node may watch."""

    # WebRTC
    udp_port: Annotated[int, Field(ge=0, le=65535)] = 8189
    """UDP port of all WebRTC sessions; 0 takes a free one."""
    announce: Words = ()
    """Addresses put into ICE candidates (1:1 NAT); empty: the bound address, or every local one if bound to all."""
    ice_servers: Words = ()
    """STUN and TURN URLs given to browsers in Link headers and to the pages."""
    max_sessions: Annotated[int, Field(ge=1, le=100_000)] = 2000
    """WebRTC sessions at once, publishers and viewers together; more are refused with 503."""
    max_publishers: Annotated[int, Field(ge=1, le=1000)] = 16
    """Streams at once; every one runs encoders."""
    connect_timeout_s: Annotated[float, Field(gt=0, le=60)] = 10.0
    """A session that has no DTLS connection after this time is closed."""
    consent_timeout_s: Annotated[float, Field(ge=2, le=60)] = 8.0
    """A peer from which nothing valid came for this long is lost (RFC 7675)."""
    publisher_grace_s: Annotated[float, Field(ge=0, le=3600)] = 4.0
    """How long a lost publisher's session waits for its return before it ends."""
    start_bitrate_kbps: Annotated[int, Field(ge=100, le=20_000)] = 2500
    """x-google-start-bitrate in the answer: Chromium starts there and not at 300 kbit/s."""

    # Transcoding
    profile: Profile = Profile.STANDARD
    """HLS latency profile: standard (part 0.333 s, segment 2 s) or ultra (part 0.2 s, segment 1 s)."""
    frame_rate: Annotated[Literal[25, 30, 50, 60], BeforeValidator(_read_integer)] = 30
    """Frames per second of the transcoded renditions."""
    max_rungs: Annotated[int, Field(ge=1, le=6)] = 3
    """Renditions of a stream, at most."""
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium"] = "superfast"
    """libx264 preset; superfast has the quality of veryfast at 58 % of its CPU."""

    # HLS
    window_s: Annotated[float, Field(ge=12, le=3600)] = 60.0
    """Length of the live playlist; at least six segments are kept whatever it says."""
    leading_gaps: Annotated[int, Field(ge=0, le=6)] = 0
    """EXT-X-GAP segments a session begins with; with 6, players that want a long list start after one segment."""
    dvr_window_s: Annotated[float, Field(ge=0, le=14_400)] = 0.0
    """Length of the live playlist if it is to be longer than what is kept in memory (window_s); needs storage."""
    recovery_grace_s: Annotated[float, Field(ge=0, le=3600)] = 60.0
    """How long a session that a crash cut off waits after the restart for its publisher; 0: it is ended at once."""
    queue: str = ""
    """SQLite file of the work after sessions; empty: in file:PATH, or for S3 in the spill or state folder."""

    # Storage
    storage: str = "memory"
    """Where finished media is kept: memory, file:PATH, or s3://BUCKET/PREFIX."""
    storage_fsync: Fsync = Fsync.FULL
    """Before a file counts as stored: full (it and its name survive a loss of power), file (it does), or none."""
    retention: Words = ()
    """Rules PATTERN=KEEP for streams, the first that fits: KEEP is forever, 90m, 36h, 7d, window, or nothing."""
    s3_endpoint: str = ""
    """URL of the S3 server; empty: AWS, or what AWS_ENDPOINT_URL_S3 or the profile says."""
    s3_region: str = ""
    """Region of the bucket; empty: what AWS_REGION or the profile says."""
    s3_addressing: Literal["auto", "path", "virtual"] = "auto"
    """Where the bucket's name stands: path (HOST/BUCKET), virtual (BUCKET.HOST), auto (path with an endpoint)."""
    s3_storage_class: str = ""
    """Storage class of new objects, such as STANDARD_IA; empty: the bucket's own."""
    s3_encryption: Literal["", "AES256", "aws:kms"] = ""
    """Server-side encryption asked for with every object; empty: the bucket's own."""
    s3_kms_key: str = ""
    """Id of the key for aws:kms; empty: the account's own."""
    s3_timeout_s: Annotated[float, Field(ge=0.1, le=2)] = 2.0
    """A try at S3 is over when nothing came for so long; trouble is taken for real after twice that."""
    pending_limit_mb: Annotated[int, Field(ge=16, le=65_536)] = 256
    """Finished media that may wait in memory for the store, MiB; half of it before it is spilled."""
    spill_folder: str = ""
    """Where finished media waits that the store does not take; empty: for S3, the state folder of service or user."""
    spill_limit_mb: Annotated[int, Field(ge=0, le=16_777_216)] = 4096
    """How much may wait there, MiB; 0: nothing is spilled."""

    # Pages and logs
    log_format: Literal["auto", "console", "json"] = "auto"
    """Log lines for people or for machines; auto: console on a terminal, JSON otherwise."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Lowest level that is logged."""

    def without_secrets(self) -> Self:
        """The same for a program of ours that needs none of them."""
        secrets = {name: SecretStr("") for name, value in self if isinstance(value, SecretStr)}
        return self.model_copy(update=secrets)
