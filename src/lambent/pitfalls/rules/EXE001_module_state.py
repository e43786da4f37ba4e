"""State that goes from one invocation to the next."""

import ast
from collections.abc import Iterator
from functools import lru_cache

from lambent.pitfalls import state
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Module, Reached, chain
from lambent.pitfalls.finding import Hit, Rule

GROWING = {"append", "extend", "add", "update", "insert", "appendleft", "setdefault", "put"}
SHRINKING = {"clear", "pop", "popleft", "popitem", "remove", "discard"}


def check(project: Project) -> Iterator[Hit]:
    """Module-level names that the handler's code mutates, or rebinds by adding to them."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                name = _grown(node, one)
                if name is not None:
                    yield Hit(one.place(node), f"{name} lives as long as the environment and is added to", function)


def _grown(node: ast.AST, one: Reached) -> str | None:
    """The module's name that a statement or call adds to."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        subject = node.value.func.value
        if node.value.func.attr in GROWING and isinstance(subject, ast.Name) and _state(subject.id, one):
            return subject.id
    if isinstance(node, ast.AugAssign):
        return _augmented(node, one)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        subject = node.targets[0].value
        if isinstance(subject, ast.Name) and _state(subject.id, one) and not _guarded(node.targets[0], one):
            constant = isinstance(node.targets[0].slice, ast.Constant)
            return None if constant else subject.id
    return _self_added(node, one)


def _augmented(node: ast.AugAssign, one: Reached) -> str | None:
    target = node.target
    if isinstance(target, ast.Name) and target.id in _globals(one) and target.id in one.module.module_names:
        return target.id
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and _state(target.value.id, one):
        return target.value.id
    return None


def _self_added(node: ast.AST, one: Reached) -> str | None:
    """`global n; n = n + 1`"""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.BinOp):
        name = node.targets[0].id
        left = node.value.left
        if name in _globals(one) and isinstance(left, ast.Name) and left.id == name:
            return name
    return None


def _globals(one: Reached) -> set[str]:
    return {name for node in one.nodes if isinstance(node, ast.Global) for name in node.names}


def _state(name: str, one: Reached) -> bool:
    """Whether a name is a mutable value of the module that nothing empties and that is not a bounded cache."""
    return state.of_module(name, one) and name not in _kept_small(one.module)


@lru_cache(1)
def _kept_small(module: Module) -> set[str]:
    """Names that something of the file empties, or that are caches by key, on purpose: membership is asked before. One
    file at a time: its functions ask for each statement."""
    found: set[str] = set()
    declared: set[str] = set()
    top = set(module.tree.body)
    rebound: set[str] = set()
    for node in module.nodes:
        if isinstance(node, ast.Call):
            found |= _asked_or_emptied(node)
        elif isinstance(node, ast.Delete):
            found |= {chain(getattr(target, "value", target)) for target in node.targets}
        elif isinstance(node, ast.Compare) and any(isinstance(one, ast.In | ast.NotIn) for one in node.ops):
            found |= {chain(right) for right in node.comparators}
        elif isinstance(node, ast.Global):
            declared |= set(node.names)
        elif isinstance(node, ast.Assign) and node not in top:
            rebound |= {chain(target) for target in node.targets}
    return found | (declared & rebound)


def _asked_or_emptied(node: ast.Call) -> set[str]:
    if isinstance(node.func, ast.Attribute) and (node.func.attr in SHRINKING or node.func.attr == "get"):
        return {chain(node.func.value)}
    return set()


def _guarded(target: ast.Subscript, one: Reached) -> bool:
    parents = one.module.parents
    node: ast.AST = target
    while node in parents and node is not one.node:
        node = parents[node]
        if isinstance(node, ast.If) and any(chain(inner) == chain(target.value) for inner in ast.walk(node.test)):
            return True
    return False


RULE = Rule(
    code="EXE001",
    title="Module-level state is changed by the handler",
    level="error",
    reliability="certain",
    production="The environment is used again, for hours: what one invocation adds the next one finds. Answers are wrong"
    " from the second call on, and memory grows until the function is killed.",
    mend="make it inside the handler and pass it on",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",),
    seeds="000, 002",
    elsewhere="Linters flag every `global` statement, and no append.",
    silent="it is a cache (asked for a key before), is emptied, or is bounded",
)
