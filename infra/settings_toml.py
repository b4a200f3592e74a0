"""Pure: the tree of settings as a TOML document."""

import enum
import json
import textwrap
from typing import Any

from pydantic import SecretStr

from infra.settings import Settings

WIDTH = 100


def print_settings(settings: Settings) -> str:
    """The settings as TOML, one key a line, in the order of the model; secrets are redacted."""
    return "".join(f"{name} = {print_value(getattr(settings, name))}\n" for name in Settings.model_fields)


def print_example() -> str:
    """Every key with its default, commented out, below what it means."""
    blocks = ["# All settings of `tandem serve`, with their defaults. Written by `make docs`.\n"]
    for name, field in Settings.model_fields.items():
        comment = textwrap.fill(
            field.description or "", WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
        blocks.append(f"{comment}\n# {name} = {print_value(field.default)}\n")
    return "\n".join(blocks)


def print_value(value: Any) -> str:
    """A setting's value as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, enum.Enum):
        return json.dumps(value.value)
    if isinstance(value, SecretStr):
        return json.dumps("redacted" if value.get_secret_value() else "")
    if isinstance(value, tuple):
        return f"[{', '.join(map(print_value, value))}]"
    return json.dumps(value, ensure_ascii=False)  # TOML's basic strings and numbers are written as JSON's
