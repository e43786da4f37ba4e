"""Work that nobody waits for, and a queue that waits for ever."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.javascript_values import Block
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, chain, walk
from lambent.pitfalls.finding import Hit, Rule

QUEUES = {"queue.Queue", "asyncio.Queue", "queue.SimpleQueue", "multiprocessing.Queue"}


def check(project: Project) -> Iterator[Hit]:
    """get() without timeout whose producer puts its end mark outside of a finally; promises of JavaScript's that an
    async function does not wait for."""
    for function in project.functions:
        sdk = {id(call.node) for call in effects.calls(function)}
        for one in reached(function):
            for node in _left(one, sdk):
                text = "nothing waits for this: the environment is frozen in the middle of it"
                yield Hit(
                    one.place(node), text, function, mend="await it (of a list: await Promise.all(list.map(...)))"
                )
            names = {name for name, value in one.locals.items() if _queue(value, one)}
            puts = _puts(one, names)
            for node in one.nodes:
                if isinstance(node, ast.Call) and _get(node, names) and puts and not any(final for _, final in puts):
                    yield Hit(one.place(node), "when the producer fails nothing ends this wait", function)


def _left(one: Reached, sdk: set[int]) -> Iterator[ast.AST]:
    """Statements of an async function that begin a call of the SDK, or an async function for each item, and go on."""
    if one.module.path.endswith(".py") or not isinstance(one.node, ast.AsyncFunctionDef):
        return
    waiting: list[ast.AST] = list(one.node.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Expr):
            call = node.value
            while isinstance(call, ast.Call) and id(call) not in sdk and isinstance(call.func, ast.Attribute):
                if call.func.attr == "forEach" and any(_waits(inner) for inner in call.args):
                    yield node
                call = call.func.value
            if id(call) in sdk or _each(node.value):
                yield node
        elif isinstance(node, ast.If | ast.For | ast.While | ast.Try | ast.ExceptHandler | ast.With):
            waiting.extend(one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt | ast.ExceptHandler))


def _waits(node: ast.AST) -> bool:
    """Whether a function without a name awaits."""
    return isinstance(node, Block) and any(isinstance(inner, ast.Await) for inner in walk(node))


def _each(node: ast.expr) -> bool:
    """`event.Records.forEach(async (record) => ...)`, which stands as a loop where a value would."""
    body = node.body if isinstance(node, Block) else []
    return len(body) == 1 and isinstance(body[0], ast.For) and any(isinstance(one, ast.Await) for one in walk(body[0]))


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
    title="Work that nobody waits for, or that makes others wait for ever",
    level="error",
    reliability="likely",
    production="One failed call in the producer, and the function hangs until its timeout: all of it is billed, the log says"
    ' "Task timed out" and not why. What is still under way at the answer is frozen with the environment, and goes on in'
    " the next invocation, or never.",
    mend="put the end mark in `finally`, and get with a timeout",
    check=check,
    node=True,
    sources=(
        "https://docs.python.org/3/library/asyncio-queue.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
    ),
    seeds="002",
)
