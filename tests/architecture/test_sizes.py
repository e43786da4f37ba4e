"""How long functions and classes may be."""

import ast
import functools
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


@functools.cache
def sizes() -> tuple[dict[str, int], dict[str, int]]:
    """The lines of every function and of every class."""
    functions: dict[str, int] = {}
    classes: dict[str, int] = {}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found = classes if isinstance(node, ast.ClassDef) else functions
                assert node.end_lineno is not None
                found[f"{path.relative_to(SOURCE)}:{node.name}"] = node.end_lineno - node.lineno + 1
    return functions, classes


def test_functions_are_short() -> None:
    found, _ = sizes()
    assert {name for name, lines in found.items() if lines > MOST_LINES} == set(LONG_FUNCTIONS)
    ordered = sorted(found.values())
    assert ordered[len(ordered) * 95 // 100] <= USUAL_LINES


def test_classes_are_about_one_thing() -> None:
    _, found = sizes()
    assert {name for name, lines in found.items() if lines > CLASS_LINES} == set(LONG_CLASSES)
