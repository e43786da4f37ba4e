"""Which variables of the function's modules grow, told in its log: what LAMBENT_WATCH_HEAP asks for.

After each invocation, when its answer is out and before the next one is asked for, the containers that module-level
names hold (and those one attribute further in: `app.STORE.rows`, `app.Store.rows`) are counted. Those that have more
entries than ever before are one line: `LAMBENT_HEAP {"app.CACHE": 3}`. Runs on any CPython from 3.8.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Iterator

LINE = "LAMBENT_HEAP "
MOST_MODULES, MOST_NAMES, MOST_TOLD = 200, 5000, 20
"""Modules and names that are looked at; names of a line."""
KEPT = (list, dict, set, bytearray)
ASIDE = ("site-packages", "dist-packages")


def watch(root: str) -> None:
    """From now on, for the modules whose files lie under `root`."""
    from awslambdaric.lambda_runtime_client import LambdaRuntimeClient

    ask = LambdaRuntimeClient.wait_next_invocation
    most: dict[str, int] = {}
    ran: list[bool] = []

    def wait_next_invocation(self: Any) -> Any:
        if ran:
            tell(root, most)
        ran[:] = [True]
        return ask(self)

    LambdaRuntimeClient.wait_next_invocation = wait_next_invocation


def tell(root: str, most: dict[str, int]) -> None:
    """One line of what has grown since it was told last; `most` is what each had."""
    grown = {}
    for name, count in counts(root):
        if count > most.get(name, -1):
            if name in most or count:
                grown[name] = count
            most[name] = count
    if grown:
        print(LINE + json.dumps(dict(sorted(grown.items())[:MOST_TOLD])), flush=True)


def counts(root: str) -> Iterator[tuple[str, int]]:
    """(module.name, how many entries), each container once."""
    seen: set[int] = set()
    left = MOST_NAMES
    for module, values in _modules(root):
        for path, value in _named(module, values):
            left -= 1
            if left < 0:
                return
            count = _count(value)
            if count is not None and id(value) not in seen:
                seen.add(id(value))
                yield path, count


def _modules(root: str) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for name, module in list(sys.modules.items()):
        file = str(getattr(module, "__file__", None) or "")
        if file.startswith(root.rstrip(os.sep) + os.sep) and not any(part in file for part in ASIDE):
            found.append((name, dict(vars(module))))
    return sorted(found, key=lambda one: one[0])[:MOST_MODULES]


def _named(module: str, values: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if name.startswith("__"):
            continue
        yield f"{module}.{name}", value
        own = getattr(type(value), "__module__", "") == module or getattr(value, "__module__", "") == module
        inner = getattr(value, "__dict__", None)
        if own and inner is not None and not callable(getattr(value, "cache_info", None)):
            for field, held in list(inner.items()):
                if not field.startswith("__"):
                    yield f"{module}.{name}.{field}", held


def _count(value: Any) -> int | None:
    """How many entries it has; None for what holds none."""
    try:
        if isinstance(value, KEPT) or type(value).__name__ in ("deque", "array"):
            return len(value)
        info = getattr(value, "cache_info", None)
        if callable(info) and not isinstance(value, type):
            return int(info().currsize)
    except Exception:
        return None
    return None
