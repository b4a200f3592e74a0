"""Edge: structured logs on standard error, for people or for machines."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRETS = ("token", "password", "credential", "authorization", "secret", "ice_pwd")  # redacted wherever they appear
_QUIET = ("aioice", "aiortc", "asyncio", "aiohttp.access", "botocore", "urllib3")  # they tell their every step


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if any(secret in key.lower() for secret in _SECRETS):
            event[key] = "redacted"
    return event


def configure_logging(log_format: str, log_level: str) -> None:
    """Send structlog and the standard library's logging to standard error.

    Args:
        log_format: ``console``, ``json``, or ``auto``: console on a terminal.
        log_level: ``debug``, ``info``, ``warning`` or ``error``.
    """
    level = logging.getLevelNamesMapping()[log_level.upper()]
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _redact,
    ]
    rendering: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer()]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
