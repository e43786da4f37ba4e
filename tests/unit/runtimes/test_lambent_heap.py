"""Which variables of a function's modules grow, as `lambent_heap` counts them."""

import functools
import importlib.util
import json
import sys
import types
from collections import deque
from pathlib import Path
from typing import Any

import pytest

import lambent.runtimes

FILE = Path(lambent.runtimes.__file__).parent / "inside" / "lambent_heap.py"


@pytest.fixture
def heap() -> Any:
    spec = importlib.util.spec_from_file_location("lambent_heap", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType("heap_app")
    module.__file__ = "/var/task/heap_app.py"
    monkeypatch.setitem(sys.modules, "heap_app", module)
    other = types.ModuleType("heap_other")
    other.__file__, other.__dict__["ROWS"] = "/opt/python/heap_other.py", [1]
    monkeypatch.setitem(sys.modules, "heap_other", other)
    return module


def test_what_grows_is_told_by_name_and_what_stands_is_not(
    heap: Any, app: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    class Store:
        def __init__(self) -> None:
            self.rows: list[int] = []

    Store.__module__ = "heap_app"
    app.CACHE, app.NAMES, app.STORE, app.LAST = {}, ["a"], Store(), deque(maxlen=2)
    app.square = functools.lru_cache(lambda number: number * number)
    most: dict[str, int] = {}
    heap.tell("/var/task", most)
    capsys.readouterr()
    for number in range(4):
        app.CACHE[number] = number
        app.STORE.rows.append(number)
        app.LAST.append(number)
        app.square(number)
        heap.tell("/var/task", most)
    said = [json.loads(line[len(heap.LINE) :]) for line in capsys.readouterr().out.splitlines()]
    assert said[-1] == {"heap_app.CACHE": 4, "heap_app.STORE.rows": 4, "heap_app.square": 4}
    assert said[0]["heap_app.LAST"] == 1 and "heap_app.LAST" not in said[2]


def test_code_that_does_not_let_itself_be_counted_is_left(heap: Any, app: Any) -> None:
    class Odd(list):  # type: ignore[type-arg]
        def __len__(self) -> int:
            raise RuntimeError

    app.ODD = Odd()
    assert "heap_app.ODD" not in dict(heap.counts("/var/task"))
