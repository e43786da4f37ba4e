"""Errors that look like success."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import reached, record_loops
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.facts.wiring import ASYNC, PULLED
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.printing import logs

_KEPT = {
    "s3": {"put_object", "upload_file", "upload_fileobj", "copy_object", "copy"},
    "dynamodb": {"put_item", "update_item", "batch_write_item", "transact_write_items"},
}
"""What is kept, so that it is missing where it could not be written."""


def check(project: Project) -> Iterator[Hit]:
    """A broad except that only logs, around the handler's work, or around the effect of a helper whose answer is dropped,
    in functions that something retries."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                if _as_answer(node):
                    text = "an error becomes what is answered: who comes next takes it for the result"
                    yield Hit(one.place(node.args[0]), text, function, reliability="likely")  # type: ignore[attr-defined]
        handler = function.code.handler if function.code is not None else None
        if (
            handler is None
            or not function.driven_by(*ASYNC, *PULLED, "firehose")
            or function.driven_by("rest", "http", "url", "alb")
        ):
            continue
        for caught in _quiet_ones(handler):
            yield Hit(handler.place(caught), "an error ends as a success: no retry, no dead letter", function)
        if not function.driven_by(*PULLED):  # there it is ESM007
            for caught in _of_records(function, handler):
                yield Hit(
                    handler.place(caught), "a record's error ends as a success: no retry, no dead letter", function
                )
        for one in reached(function):
            if one is not handler and _dropped(one, handler) and _changes(function, one):
                for caught in _quiet_ones(one):
                    text = "an error ends as a success, and nobody looks at the answer: no retry, no dead letter"
                    yield Hit(one.place(caught), text, function, reliability="likely")
        yield from _lost_writes(function, handler)


def _lost_writes(function: Function, handler: Reached) -> Iterator[Hit]:
    """What a handler writes somewhere in its middle, by a statement that tries nothing else and only logs what went wrong.
    What is only tidied up or sent, or has a condition that may fail, may well be left out."""
    writes = {id(call.node) for call in effects.calls(function) if call.operation in _KEPT.get(call.service, ())
              and "ConditionExpression" not in call.arguments}  # fmt: skip
    outermost = {id(one) for one in handler.node.body}
    for node in handler.nodes:
        if not isinstance(node, ast.Try) or id(node) in outermost or len(node.body) != 1 or node.orelse:
            continue
        if any(id(inner) in writes for inner in ast.walk(node.body[0])):
            for caught in node.handlers:
                if _broad(caught) and all(_only_logs(inner) for inner in caught.body):
                    text = "what can't be written is only logged: the event counts as done, and it is lost"
                    yield Hit(handler.place(caught), text, function, reliability="likely")


def _only_logs(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call) and logs(statement.value)
    )


def _as_answer(node: ast.AST) -> bool:
    """`promise.catch(error => error)`."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "catch"):
        return False
    caught = node.args[0] if len(node.args) == 1 else None
    names, body = [one.id for one in getattr(caught, "params", ())], getattr(caught, "body", [])
    only = body[0] if len(body) == 1 and len(names) == 1 else None
    return isinstance(only, ast.Return) and isinstance(only.value, ast.Name) and only.value.id == names[0]


def _quiet_ones(one: Reached) -> Iterator[ast.ExceptHandler]:
    for at, statement in enumerate(one.node.body):
        if isinstance(statement, ast.Try) and not _goes_on(one.node.body[at + 1 :]):
            yield from (caught for caught in statement.handlers if _broad(caught) and _quiet(caught, one))


def _goes_on(rest: list[ast.stmt]) -> bool:
    """Whether more is done after it, so that it stands around a part that the function can do without."""
    calls = (one.value for one in rest if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call | ast.Await))
    return any(not (isinstance(one, ast.Call) and logs(one)) for one in calls)


def _of_records(function: Function, handler: Reached) -> Iterator[ast.ExceptHandler]:
    """What swallows the error of one record of several."""
    for one, loop in record_loops(function):
        for statement in loop.body if one.node is handler.node else ():
            if isinstance(statement, ast.Try):
                yield from (caught for caught in statement.handlers if _broad(caught) and _quiet(caught, one))


def _dropped(one: Reached, handler: Reached) -> bool:
    """Whether the handler calls a helper, and each time as a statement of its own."""
    name = getattr(one.node, "name", "")
    calls = [node for node in handler.nodes if isinstance(node, ast.Call) and chain(node.func).split(".")[-1] == name]
    return bool(name and calls) and all(_statement(call, handler) for call in calls)


def _statement(call: ast.Call, handler: Reached) -> bool:
    parent = handler.module.parents.get(call)
    parent = handler.module.parents.get(parent) if isinstance(parent, ast.Await) else parent
    return isinstance(parent, ast.Expr)


def _changes(function: Function, one: Reached) -> bool:
    """Whether a helper changes something by the SDK, inside of what it catches."""
    tried = {id(node) for statement in one.node.body if isinstance(statement, ast.Try) for node in ast.walk(statement)}
    return any(
        id(call.node) in tried and call.operation in effects.WRITES.get(call.service, ())
        for call in effects.calls(function)
    )


def _broad(caught: ast.ExceptHandler) -> bool:
    return caught.type is None or (
        isinstance(caught.type, ast.Name) and caught.type.id in ("Exception", "BaseException")
    )


def _quiet(caught: ast.ExceptHandler, handler: Reached) -> bool:
    for node in (inner for statement in caught.body for inner in ast.walk(statement)):
        if isinstance(node, ast.Raise):
            return False
        if isinstance(node, ast.Constant) and node.value == "batchItemFailures":
            return False
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if (
                name in ("exit", "_exit", "send_message", "publish", "put_events", "send_task_failure", "put_item")
                or "fail" in name
            ):
                return False
    return True


RULE = Rule(
    code="OBS008",
    title="Errors are swallowed and the event counts as done",
    level="error",
    reliability="certain",
    production="Lambda sees a success: no retry, no dead-letter queue, no Errors metric; the event is lost and nobody is told.",
    mend="log and raise again",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html",),
    seeds="001, 002",
    elsewhere="bandit B110, ruff BLE001 and others flag broad excepts whatever drives the function.",
)
