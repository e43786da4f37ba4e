"""What only this environment has seen."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import state
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, chain, walk
from lambent.pitfalls.finding import Hit, Rule

_ADDERS = ("add", "append", "update", "setdefault")


def check(project: Project) -> Iterator[Hit]:
    """A collection of the module by which work is skipped: `if key in SEEN: return`."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                name = _skips(node, one) if isinstance(node, ast.If) else None
                if name is not None and _only_remembers(name, one):
                    yield Hit(one.place(node), f"{name} knows only what this environment has seen", function)


def _skips(node: ast.If, one: Reached) -> str | None:
    """The name whose members are left out."""
    for test in node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]:
        if (
            isinstance(test, ast.Compare)
            and isinstance(test.ops[0], ast.In)
            and state.of_module(chain(test.comparators[0]), one)
        ):
            if any(isinstance(inner, ast.Return | ast.Continue) for inner in node.body):
                return chain(test.comparators[0])
    return None


def _only_remembers(name: str, one: Reached) -> bool:
    """Whether functions add to a name, and nothing is taken out of it: then it is no cache."""
    added = False
    for node in one.module.nodes:
        if isinstance(node, ast.Call) and chain(node.func).partition(".")[0] == name:
            added = added or chain(node.func).rpartition(".")[2] in _ADDERS
            if chain(node.func).endswith((".get", ".items", ".values")):
                return False
        elif isinstance(node, ast.Subscript) and chain(node.value) == name:
            if isinstance(node.ctx, ast.Load):
                return False
            added = True
    return added and any(chain(inner) == name for inner in walk(one.node))


RULE = Rule(
    code="EXE002",
    title="Duplicates are known by what this environment has seen",
    level="error",
    reliability="likely",
    production="The next event goes to another environment, which has seen nothing; a new one has seen nothing either. The"
    " work is done twice, and works whenever it is tried by hand.",
    mend="keep it in DynamoDB with a condition (Powertools' idempotency), or in ElastiCache",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",),
    seeds="000, 002, 004",
    silent="values are read out of it again: a cache of what does not change is fine",
)
