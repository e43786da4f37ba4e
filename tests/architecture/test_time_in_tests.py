"""Tests pass times in. What is patched under a module's name holds for everybody who reads it, and for no one who has
taken it as a default."""

import ast
import re
from pathlib import Path

UNIT = Path(__file__).parents[1] / "unit"
TIME = re.compile(r"(^|[._])([A-Z_]*(SECONDS|PAUSES?|INTERVAL|TIMEOUT)[A-Z_]*)$")


def patched(source: str) -> list[str]:
    """The constants that count time and that `monkeypatch.setattr` replaces."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("monkeypatch.setattr"):
            names = [one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            found += [name for name in names if TIME.search(name)]
    return found


def test_no_constant_of_time_is_patched() -> None:
    sources = {path: source for path in UNIT.rglob("*.py") if "monkeypatch" in (source := path.read_text("utf-8"))}
    assert len(sources) > 50
    assert [(path, names) for path, source in sources.items() if (names := patched(source))] == []


def test_a_patched_one_is_found() -> None:
    said = ('epolls, "SECONDS"', '"a.b.BUSY_SECONDS"', 'a, "EACH"')
    assert patched("\n".join(f"monkeypatch.setattr({one}, 0)" for one in said)) == ["SECONDS", "a.b.BUSY_SECONDS"]
