"""Local time that is UTC."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, fold
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.printing import said

NAMES = {"datetime.datetime.now", "datetime.datetime.today", "datetime.date.today", "datetime.datetime.fromtimestamp"}


def check(project: Project) -> Iterator[Hit]:
    """now(), today() and fromtimestamp() without a time zone, in what the handler reaches."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                if isinstance(node, ast.Call) and one.module.dotted(node.func) in NAMES and _naive(node, one):
                    name = one.module.dotted(node.func).partition(".")[2]
                    yield Hit(one.place(node), f"{name}() is UTC in Lambda, not the time of any place", function)


def _naive(node: ast.Call, one: Reached) -> bool:
    given = len(node.args) + len(node.keywords)
    if _subtracted(node, one) or said(node, one) or _counted(node, one):
        return False
    return given == (1 if one.module.dotted(node.func).endswith("fromtimestamp") else 0)


def _subtracted(node: ast.Call, one: Reached) -> bool:
    """Whether only a duration is measured."""
    parent = one.module.parents.get(node)
    return (
        isinstance(parent, ast.BinOp)
        and isinstance(parent.op, ast.Sub)
        and parent.right is not node
        and not isinstance(parent.right, ast.Call)
    )


def _counted(node: ast.Call, one: Reached) -> bool:
    """Whether seconds since 1970 are made of it, which are the same everywhere: `.timestamp()`, `strftime("%s")`."""
    parent = one.module.parents.get(node)
    if isinstance(parent, ast.Attribute) and parent.attr == "timestamp":
        return True
    call = one.module.parents.get(parent) if isinstance(parent, ast.Attribute) else parent
    named = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "strftime"
    return named and any(fold(word, one.module, one) == "%s" for word in call.args)  # type: ignore[union-attr]


RULE = Rule(
    code="TIM002",
    title="Local time without a time zone",
    level="info",
    reliability="certain",
    production='Lambda\'s clock is UTC: "today" changes at 00:00 UTC, in New York at 19:00 or 20:00.',
    mend="datetime.now(tz=UTC), or ZoneInfo of the place that is meant",
    check=check,
    sources=("https://docs.python.org/3/library/datetime.html#aware-and-naive-objects",),
    seeds="000, 002",
    elsewhere="ruff DTZ, CodeGuru naive-datetime.",
)
