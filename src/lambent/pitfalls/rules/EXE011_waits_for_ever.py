"""A queue that waits for ever."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.finding import Hit, Rule

QUEUES = {"queue.Queue", "asyncio.Queue", "queue.SimpleQueue", "multiprocessing.Queue"}


def check(project: Project) -> Iterator[Hit]:
    """get() without timeout whose producer puts its end mark outside of a finally."""
    for function in project.functions:
        for one in reached(function):
            names = {name for name, value in one.locals.items() if _queue(value, one)}
            puts = _puts(one, names)
            for node in one.nodes:
                if isinstance(node, ast.Call) and _get(node, names) and puts and not any(final for _, final in puts):
                    yield Hit(one.place(node), "when the producer fails nothing ends this wait", function)


def _queue(value: ast.expr, one: Reached) -> bool:
    return isinstance(value, ast.Call) and one.module.dotted(value.func) in QUEUES


def _get(node: ast.Call, names: set[str]) -> bool:
    name, _, method = chain(node.func).rpartition(".")
    return method == "get" and name in names and not node.args and not node.keywords


def _puts(one: Reached, names: set[str]) -> list[tuple[ast.Call, bool]]:
    """Puts of None (an end mark), and whether in a finally."""
    found = []
    for node in one.nodes:
        if isinstance(node, ast.Call):
            name, _, method = chain(node.func).rpartition(".")
            mark = node.args and (not isinstance(node.args[0], ast.Constant) or node.args[0].value is None)
            end = node.args and isinstance(node.args[0], ast.Constant | ast.Name) and _is_mark(node.args[0])
            if name in names and method in ("put", "put_nowait") and mark and end:
                found.append((node, _final(node, one)))
    return found


def _is_mark(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant):
        return node.value is None
    return isinstance(node, ast.Name) and any(
        word in node.id.lower() for word in ("sentinel", "done", "stop", "end", "poison")
    )


def _final(node: ast.AST, one: Reached) -> bool:
    parents = one.module.parents
    while node in parents:
        parent = parents[node]
        if isinstance(parent, ast.Try) and (node in parent.finalbody or node in parent.handlers):
            return True
        node = parent
    return False


RULE = Rule(
    code="EXE011",
    title="The consumer waits for ever when the producer fails",
    level="error",
    reliability="likely",
    production="One failed call in the producer, and the function hangs until its timeout: all of it is billed, the log says"
    ' "Task timed out" and not why.',
    mend="put the end mark in `finally`, and get with a timeout",
    check=check,
    sources=("https://docs.python.org/3/library/asyncio-queue.html",),
    seeds="002",
)
