"""Edge: writes the generated parts of the documents: ``python -m infra.document``.

``infra/settings.example.toml`` whole, and in ``docs/operations.md`` the tables of settings, metrics and log events,
which stand between ``<!-- NAME: generated -->`` and ``<!-- NAME: end -->``.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from infra.configuration import flag_of, variable_of
from infra.settings import Settings
from infra.settings_toml import print_example, print_value

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "infra" / "settings.example.toml"
OPERATIONS = ROOT / "docs" / "operations.md"
METRIC_MODULES = ("infra.metrics", "ingest.metrics", "transcoder.metrics", "origin.metrics")
CODE = ("infra", "ingest", "transcoder", "origin", "player")
_LEVELS = {"debug": "debug", "info": "info", "warning": "warning", "error": "error", "exception": "error"}


def generated() -> Mapping[Path, str]:
    """Every file with generated parts, and what it should be."""
    tables = {"settings": _settings(), "metrics": _metrics(), "events": _events()}
    return {EXAMPLE: print_example(), OPERATIONS: _fill(OPERATIONS.read_text(), tables)}


def main() -> None:
    """Write those that are not current."""
    for path, text in generated().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            sys.stdout.write(f"written: {path.relative_to(ROOT)}\n")


def _fill(document: str, tables: Mapping[str, str]) -> str:
    for name, table in tables.items():
        before, begin, rest = document.partition(f"<!-- {name}: generated -->\n")
        _, end, after = rest.partition(f"<!-- {name}: end -->")
        document = f"{before}{begin}\n{table}\n{end}{after}"
    return document


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _settings() -> str:
    rows = (
        (f"`{flag_of(name)}`", f"`{variable_of(name)}`", f"`{print_value(field.default)}`", field.description or "")
        for name, field in Settings.model_fields.items()
    )
    return _table(("flag", "variable", "default", "meaning"), rows)


def _metrics() -> str:
    rows = sorted(_metric_row(metric) for module in METRIC_MODULES for metric in _metrics_of(module))
    return _table(("metric", "type", "labels", "meaning"), rows)


def _metrics_of(module: str) -> Iterator[MetricWrapperBase]:
    for value in vars(import_module(module)).values():
        if isinstance(value, MetricWrapperBase):
            yield value


def _metric_row(metric: MetricWrapperBase) -> tuple[str, ...]:
    """The name as it is scraped: the text format adds a suffix to counters and infos."""
    described = next(iter(metric.describe()))
    suffix = {"counter": "_total", "info": "_info"}.get(described.type, "")
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)  # noqa: SLF001  there is no public way
    return f"`{described.name}{suffix}`", described.type, labels, described.documentation


def _events() -> str:
    found = {
        event
        for package in CODE
        for path in (ROOT / package).rglob("*.py")
        if "node_modules" not in path.parts
        for event in _events_of(path)
    }
    return _table(
        ("event", "level", "module"), ((f"`{event}`", level, f"`{where}`") for where, event, level in sorted(found))
    )


def _events_of(path: Path) -> Iterator[tuple[str, str, str]]:
    """Module, event and level of every logging call of a file."""
    where = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
            continue
        logger = node.func.value
        name = logger.attr if isinstance(logger, ast.Attribute) else getattr(logger, "id", "")
        if name in {"log", "_log"} and node.func.attr in _LEVELS:
            for event in ast.walk(node.args[0]):
                if isinstance(event, ast.Constant) and isinstance(event.value, str):
                    yield where, event.value, _LEVELS[node.func.attr]


if __name__ == "__main__":
    main()
