"""The module maps are true, and pure modules are pure."""

import ast
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ["ingest", "transcoder", "origin", "origin/storage", "player", "infra"]
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for package in PACKAGES
    for path in (ROOT / package).glob("*.py")
    if path.name != "__init__.py"
)
IMPURE = {
    *(
        "aiohttp",
        "asyncio",
        "av",
        "boto3",
        "os",
        "random",
        "secrets",
        "select",
        "socket",
        "subprocess",
        "threading",
        "time",
    ),
    *("concurrent", "multiprocessing", "signal", "shutil", "tempfile", "urllib.request", "http.client", "structlog"),
}
MAX_LINES = 500


def tree_of(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text())


def first_line(module: str) -> str:
    return (ast.get_docstring(tree_of(module)) or "").partition("\n")[0]


def imported(module: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module}
    return names | {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("module", MODULES)
def test_a_module_says_first_whether_it_is_pure_or_edge(module: str) -> None:
    assert re.match(r"(Pure|Edge): ", first_line(module))


@pytest.mark.parametrize("module", [module for module in MODULES if first_line(module).startswith("Pure")])
def test_a_pure_module_reaches_no_clock_network_or_thread(module: str) -> None:
    assert not imported(module) & IMPURE


@pytest.mark.parametrize("package", PACKAGES)
def test_the_module_map_names_each_module_once_with_its_kind(package: str) -> None:
    docstring = ast.get_docstring(tree_of(f"{package}/__init__.py")) or ""
    mapped = re.findall(r"^- ``(\w+)`` \((pure|edge)\)", docstring, flags=re.MULTILINE)
    modules = [module for module in MODULES if Path(module).parent.as_posix() == package]
    actual = [(Path(module).stem, first_line(module).partition(":")[0].lower()) for module in modules]
    assert sorted(mapped) == sorted(actual)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_can_be_read_in_one_sitting(module: str) -> None:
    assert len((ROOT / module).read_text().splitlines()) <= MAX_LINES


def test_no_test_folder_is_a_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_interpreter_is_one_we_support() -> None:
    assert sys.version_info >= (3, 11)
