"""Edge: the command line. Exit codes: 0 done, 1 it could not be done, 2 it was asked for wrongly."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import cyclopts
import pydantic
from cyclopts import App, Parameter
from pydantic import SecretStr

from infra.clock import NS_PER_S, SystemClock
from infra.configuration import SettingsRefused, flag_of, load_settings, refusal, variable_of
from infra.errors import PeerError, TandemError
from infra.ids import parse_stream_name
from infra.log import configure_logging
from infra.metrics import VERSION
from infra.settings import Settings
from infra.settings_toml import print_settings
from infra.tokens import make_token, parse_duration, viewer_paths

EXIT_FAILED = 1
EXIT_USAGE = 2
_PROBE_S = 5.0


def _flags_model() -> type[pydantic.BaseModel]:
    """Every setting as an optional flag; ranges are checked when all sources are put together."""
    fields: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        help_text = f"{field.description} [default: {_shown(field.default)}] [env: {variable_of(name)}]"
        parameter = Parameter(help=help_text, show_default=False, negative="")
        fields[name] = (Annotated[field.annotation | None, parameter], None)  # type: ignore[operator]
    return pydantic.create_model("Flags", **fields)


def _shown(default: object) -> str:
    return "none" if default == () or default == SecretStr("") else str(default)


Flags = _flags_model()
ConfigFile = Annotated[
    Path | None, Parameter(name="--config", help="TOML file of settings. [env: TANDEM_CONFIG; ./tandem.toml if there]")
]

app = App(
    name="tandem",
    help="Live streaming: WebRTC in, WebRTC and Low-Latency HLS out.",
    version=VERSION,
    version_flags=["--version"],
)


@app.command
def serve(
    *,
    flags: Annotated[Flags, Parameter(name="*")] = Flags(),  # type: ignore[valid-type]  # noqa: B008
    config: ConfigFile = None,
    open_page: Annotated[bool, Parameter(name="--open", negative="")] = False,
) -> int:
    """Run a node until it is interrupted.

    Every option is also a variable and a key of the TOML file; a flag wins over the variable, the variable over the
    file.

    Args:
        flags: The settings.
        config: A file of settings.
        open_page: Open the page in the desktop's browser once it listens.
    """
    settings = _settings(flags, config)
    configure_logging(settings.log_format, settings.log_level)
    from infra.app import run_node  # noqa: PLC0415  media libraries take half a second that --help need not wait for

    asyncio.run(run_node(settings, open_page=open_page))
    return 0


@app.command(name="settings")
def show_settings(
    *,
    flags: Annotated[Flags, Parameter(name="*")] = Flags(),  # type: ignore[valid-type]  # noqa: B008
    config: ConfigFile = None,
) -> int:
    """Print the effective settings as TOML: what `serve` would run with."""
    sys.stdout.write(print_settings(_settings(flags, config)))
    return 0


@app.command
def token(
    stream: str,
    *,
    valid: Annotated[str, Parameter(name="--for")] = "2h",
    url: str = "",
    flags: Annotated[Flags, Parameter(name="*")] = Flags(),  # type: ignore[valid-type]  # noqa: B008
    config: ConfigFile = None,
) -> int:
    """Print what a viewer of one stream is given: the page, the HLS playlist and the WHEP endpoint, signed.

    The secret is that of the node, from the same settings.

    Args:
        stream: The stream that may be watched.
        valid: For how long, such as 90s, 30m, 2h or 7d.
        url: What stands before the paths, such as https://live.example.
        flags: The settings.
        config: A file of settings.
    """
    secret = _settings(flags, config).viewer_secret.get_secret_value()
    if not secret:
        raise ValueError(f"no secret to sign with: set {variable_of('viewer_secret')}, as for the node")
    name = parse_stream_name(stream)
    expires_s = SystemClock().now_ns() // NS_PER_S + parse_duration(valid)
    for path in viewer_paths(make_token(secret, name, expires_s), name):
        sys.stdout.write(f"{url.rstrip('/')}{path}\n")
    return 0


@app.command
def publish(  # noqa: PLR0913  one parameter an option
    source: str,
    *,
    to: str,
    loop: Annotated[bool, Parameter(negative="")] = False,
    seconds: Annotated[float | None, Parameter(validator=cyclopts.validators.Number(gt=0))] = None,
    size: str | None = None,
    fps: Annotated[float | None, Parameter(validator=cyclopts.validators.Number(gt=0, lte=120))] = None,
    bitrate: Annotated[int, Parameter(validator=cyclopts.validators.Number(gte=50, lte=50_000))] = 2500,
    give_up: Annotated[float | None, Parameter(validator=cyclopts.validators.Number(gte=0))] = None,
) -> int:
    """Publish a file or the test pattern over WHIP, in real time.

    Args:
        source: A file that FFmpeg reads, or `test` for the built-in pattern with its time code and beep.
        to: WHIP endpoint: http://HOST:PORT/whip/STREAM
        loop: Begin again at the end of the file.
        seconds: Stop after so many seconds.
        size: WIDTHxHEIGHT of the pictures; otherwise the source's, at most 1920x1080.
        fps: Pictures per second at most; otherwise the source's.
        bitrate: Of the video, in kbit/s.
        give_up: End when a server that is lost stays away for so many seconds; otherwise it is offered the media again
            for as long as that lasts.
    """
    from infra.publish import publish as run  # noqa: PLC0415  see `serve`
    from infra.publish_source import PublishOptions  # noqa: PLC0415
    from infra.webrtc_client import check_url  # noqa: PLC0415

    check_url(to)
    shape = None if size is None else _parse_size(size)
    asyncio.run(run(PublishOptions(source, to, loop, seconds, shape, fps, bitrate, give_up)))
    return 0


@app.command
def probe(  # noqa: PLR0913  one parameter an option
    url: str,
    *more: str,
    json: Annotated[bool, Parameter(negative="")] = False,
    seconds: Annotated[float | None, Parameter(validator=cyclopts.validators.Number(gt=0, lte=3600))] = None,
    latency: Annotated[bool, Parameter(negative="")] = False,
    network: tuple[str, ...] = (),
    save: Path | None = None,
    chart: Path | None = None,
) -> int:
    """Look at a stream as a player would and say what was found.

    Args:
        url: An HLS playlist, or a WHEP endpoint (its path contains /whep/). With `--latency`: a node (http://HOST:PORT),
            to which the test pattern is published, or the watch page of a stream that is live.
        more: More of them, one after the other.
        json: Print the report as one JSON document.
        seconds: How long to look: 5 by default, 60 on each network with `--latency`.
        latency: Measure glass to glass on all paths at once, in a headless Chromium (wants Chromium and Playwright).
        network: Put a network between viewer and node: direct, rtt20, rtt50, rtt100, loss1 or halving; may be repeated.
        save: Write what `--latency` found to a JSON file.
        chart: Draw what `--latency` found into an SVG file.
    """
    if latency:
        return _probe_latency((url, *more), network, seconds, as_json=json, files=(save, chart))
    if network or save or chart:
        raise ValueError("--network, --save and --chart refused: they go with --latency")
    from infra.probe import probe as run  # noqa: PLC0415  see `serve`
    from infra.webrtc_client import check_url  # noqa: PLC0415

    for each in (url, *more):
        check_url(each)
        asyncio.run(run(each, seconds or _PROBE_S, as_json=json))
    return 0


def _probe_latency(
    urls: tuple[str, ...],
    networks: tuple[str, ...],
    seconds: float | None,
    *,
    as_json: bool,
    files: tuple[Path | None, Path | None],
) -> int:
    from infra import probe_latency  # noqa: PLC0415  see `serve`
    from infra.latency_lab import LabOptions  # noqa: PLC0415
    from infra.network_shape import network_of  # noqa: PLC0415
    from infra.webrtc_client import check_url  # noqa: PLC0415

    for url in urls:
        check_url(url)
    chosen = [network_of(name) for name in networks or ("direct",)]
    options = LabOptions() if seconds is None else LabOptions(seconds=seconds)
    reports = asyncio.run(probe_latency.measure(urls, chosen, options))
    probe_latency.show(reports, as_json=as_json)
    probe_latency.save(reports, *files)
    return 0


def _parse_size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{2,4})x(\d{2,4})", text)
    if match is None or int(match[1]) % 2 or int(match[2]) % 2:
        raise ValueError(f"--size {text[:40]!r} refused: it must be WIDTHxHEIGHT, both even, as in 1280x720")
    return int(match[1]), int(match[2])


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit; complaints are one line on standard error, without a traceback."""
    configure_logging("auto", "warning")
    try:
        code = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except SettingsRefused as error:
        _complain(str(error), EXIT_USAGE)
    except cyclopts.CycloptsError as error:
        _complain(_usage_sentence(error), EXIT_USAGE)
    except (PeerError, ValueError) as error:  # a setting that only its stage could judge
        _complain(str(error), EXIT_USAGE)
    except TandemError as error:
        _complain(str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code or 0)  # help and version return nothing


def _settings(flags: pydantic.BaseModel, config: Path | None) -> Settings:
    return load_settings(flags.model_dump(exclude_none=True), config)


def _usage_sentence(error: cyclopts.CycloptsError) -> str:
    cause = error.__cause__
    if isinstance(cause, pydantic.ValidationError):
        return refusal(flag_of(str(cause.errors()[0]["loc"][0])), cause)
    if isinstance(error, cyclopts.UnusedCliTokensError) and error.unused_tokens:
        return f"argument {error.unused_tokens[0]!r} refused: the command takes none there"
    return str(error)


def _complain(sentence: str, code: int) -> NoReturn:
    words = " ".join(sentence.split())
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)
    sys.stderr.write(f"tandem: {shown}\n")  # what servers and files say may not drive the terminal
    sys.exit(code)
