"""docs/mistakes.md: the typical mistakes and what is said of each, from the data that a test holds true.

`python -m tools.mistakes` writes it.
"""

import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DATA = ROOT / "tests/e2e/cli/mistakes.toml"
PAGE = ROOT / "docs/mistakes.md"
HEAD = """# What is said of typical mistakes

Made by `python -m tools.mistakes` from `tests/e2e/cli/mistakes.toml`; `tests/e2e/cli/test_mistakes.py` makes each of
them. What is marked with + is done all the same.

| mistake | typed | said |
| --- | --- | --- |
"""


def page() -> str:
    """The page's text."""
    mistakes: list[dict[str, Any]] = tomllib.loads(DATA.read_text("utf-8"))["mistake"]
    return HEAD + "".join(_row(one) for one in mistakes)


def _row(one: dict[str, Any]) -> str:
    variables = "".join(f"{name}={value} " for name, value in one.get("env", {}).items())
    typed = f"{variables}lambent {one['type'][-1]}"
    mark = " +" if one.get("warns") else ""
    return f"| {one['name']} | {_code(typed)} | {_code(one['says'])}{mark} |\n"


def _code(text: str) -> str:
    """As Markdown's code, which may hold ticks of its own."""
    quoted = text.replace("|", "\\|")
    return f"`` {quoted} ``" if "`" in quoted else f"`{quoted}`"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
