"""How long functions and classes may be."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "lambent"

MOST_LINES, USUAL_LINES = 55, 20
"""Of a function: none is longer, and of a hundred ninety-five are not longer."""
CLASS_LINES = 300
LONG_FUNCTIONS = {
    "cli/up.py:up": "a parameter for every setting, each with its help",
}
LONG_CLASSES: dict[str, str] = {}
"""What is longer all the same, and why."""


def sizes(*kinds: type[ast.stmt]) -> Iterator[tuple[str, int]]:
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, kinds):
                assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                assert node.end_lineno is not None
                yield f"{path.relative_to(SOURCE)}:{node.name}", node.end_lineno - node.lineno + 1


def test_functions_are_short() -> None:
    found = dict(sizes(ast.FunctionDef, ast.AsyncFunctionDef))
    assert {name for name, lines in found.items() if lines > MOST_LINES} == set(LONG_FUNCTIONS)
    ordered = sorted(found.values())
    assert ordered[len(ordered) * 95 // 100] <= USUAL_LINES


def test_classes_are_about_one_thing() -> None:
    assert {name for name, lines in sizes(ast.ClassDef) if lines > CLASS_LINES} == set(LONG_CLASSES)
