"""Generated documents are current."""

from pathlib import Path

import pytest

from infra.document import ROOT, generated


@pytest.mark.parametrize("path", generated(), ids=lambda path: path.name)
def test_a_generated_document_is_current(path: Path) -> None:
    assert path.read_text() == generated()[path], f"run `make docs` and commit {path.relative_to(ROOT)}"


def test_no_table_is_empty() -> None:
    operations = generated()[ROOT / "docs" / "operations.md"]
    for name in ("settings", "metrics", "events"):
        table = operations.partition(f"<!-- {name}: generated -->")[2].partition(f"<!-- {name}: end -->")[0]
        assert table.count("\n|") > 10
