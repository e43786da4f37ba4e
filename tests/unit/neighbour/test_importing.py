"""Modules that are changed when they are imported."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from lambent.neighbour.bridges.importing import when_imported


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "lent_first.py").write_text("def told():\n    return 'theirs'\n")
    (tmp_path / "lent_second.py").write_text("from lent_first import told\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    finders = [*sys.meta_path]
    yield
    sys.meta_path[:] = finders
    for name in ("lent_first", "lent_second"):
        sys.modules.pop(name, None)


def test_a_module_is_changed_before_anybody_sees_it(modules: None) -> None:
    def change(module: ModuleType) -> None:
        vars(module)["told"] = lambda: "ours"

    when_imported({"lent_first": change})
    assert "lent_first" not in sys.modules
    assert importlib.import_module("lent_second").told() == "ours"


def test_one_that_is_there_is_changed_at_once() -> None:
    seen: list[ModuleType] = []
    when_imported({"json": seen.append})
    sys.meta_path.pop(0)
    assert seen == [json]


def test_a_change_that_fails_is_the_importers_to_hear(modules: None) -> None:
    def change(module: ModuleType) -> None:
        raise AttributeError("moved")

    when_imported({"lent_first": change})
    with pytest.raises(AttributeError, match="moved"):
        importlib.import_module("lent_first")
