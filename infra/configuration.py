"""Edge: fills the tree of settings. Flags win over ``TANDEM_*`` variables, these over a TOML file, it over defaults."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog
from pydantic import SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from infra.settings import Settings

ENV_PREFIX = "TANDEM_"
CONFIG_VARIABLE = "TANDEM_CONFIG"  # names the TOML file
DEFAULT_FILE = Path("tandem.toml")  # in the working directory, if it is there
_MAX_FILE_BYTES = 1 << 20
_ALIKE = 0.6  # difflib ratio from which a variable is a misspelt one of ours: TANDEM_PROFIL, not TANDEM_IMAGES

_log = structlog.get_logger("settings")


class SettingsRefused(Exception):
    """A setting that cannot be; ``str()`` is one line: what was refused, where it stands, what is allowed."""


def load_settings(flags: Mapping[str, Any], file: Path | None, environ: Mapping[str, str] | None = None) -> Settings:
    """The effective settings.

    Args:
        flags: the options given on the command line, by field name.
        file: the TOML file; None: that of ``TANDEM_CONFIG``, else ``tandem.toml`` if it is there.
        environ: the environment; None: that of the process.

    Raises:
        SettingsRefused: an unknown key, a value out of range, a file that cannot be read.
    """
    environ = os.environ if environ is None else environ
    if file is None and environ.get(CONFIG_VARIABLE):
        file = Path(environ[CONFIG_VARIABLE])
    if file is None and DEFAULT_FILE.is_file():
        file = DEFAULT_FILE
    in_file = {} if file is None else _read_toml(file)
    in_environ = _variables(environ)
    try:
        layered = _layers(in_environ, in_file)(**flags)
    except ValidationError as error:
        raise SettingsRefused(_sentence(error, flags, in_environ, file)) from error
    return Settings.model_construct(**{name: getattr(layered, name) for name in Settings.model_fields})


def flag_of(name: str) -> str:
    """The command line flag of a field."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """The environment variable of a field."""
    return ENV_PREFIX + name.upper()


def refusal(where: str, error: ValidationError) -> str:
    """The first complaint of a validation as one line."""
    complaint = error.errors(include_url=False)[0]
    said = complaint["msg"].removeprefix("Value error, ")
    field = Settings.model_fields.get(str(complaint["loc"][0]))
    given = "redacted" if field and field.annotation is SecretStr else repr(str(complaint["input"])[:80])
    return f"{where} {given} refused: {said[:1].lower()}{said[1:]}"


def _layers(in_environ: Mapping[str, str], in_file: Mapping[str, Any]) -> type[BaseSettings]:
    """A settings class that reads what it is given and nothing behind its back."""

    class Environ(EnvSettingsSource):
        def _load_env_vars(self) -> Mapping[str, str | None]:
            return {variable_of(name).lower(): value for name, value in in_environ.items()}

    class Layers(Settings, BaseSettings):
        model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, enable_decoding=False, extra="forbid")

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  replaced by one without the process's environment
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  not read
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  not read
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, Environ(settings_cls), InitSettingsSource(settings_cls, dict(in_file))

    return Layers


def _read_toml(file: Path) -> Mapping[str, Any]:
    try:
        with file.open("rb") as opened:
            keys: dict[str, Any] = tomllib.loads(opened.read(_MAX_FILE_BYTES).decode())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SettingsRefused(f"settings file {file} refused: {reason}") from error
    for key in keys:
        if key not in Settings.model_fields:
            raise SettingsRefused(f"key {key!r} in {file} refused: unknown; the nearest setting is {_nearest(key)}")
    return keys


def _variables(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The ``TANDEM_*`` variables by field name.

    A variable that resembles one of ours is a misspelt one; any other is somebody else's (Kubernetes makes some for a
    service of our name) and is only warned of.
    """
    found: dict[str, str] = {}
    for variable, value in environ.items():
        name = variable.removeprefix(ENV_PREFIX).lower()
        if not variable.startswith(ENV_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        if variable in map(variable_of, Settings.model_fields):
            found[name] = value
        elif alike := difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=_ALIKE):
            raise SettingsRefused(
                f"variable {variable} refused: unknown; the nearest setting is {variable_of(alike[0])}"
            )
        else:
            _log.warning("variable ignored", variable=variable, why="no setting has this name")
    return found


def _nearest(key: str) -> str:
    return difflib.get_close_matches(key, Settings.model_fields, n=1, cutoff=0.0)[0]


def _sentence(
    error: ValidationError, flags: Mapping[str, Any], in_environ: Mapping[str, str], file: Path | None
) -> str:
    name = str(error.errors()[0]["loc"][0])
    if name in flags:
        where = flag_of(name)
    elif name in in_environ:
        where = variable_of(name)
    else:
        where = f"key {name!r} in {file}"
    return refusal(where, error)
