"""Failed records under the wrong name, or under none."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached, record_loops, returns_failures
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.finding import Hit, Rule

WRONG = {"sqs": {"receiptHandle", "receipt_handle", "body", "eventID", "messageID"},
         "kinesis": {"eventID", "partitionKey", "messageId"}, "dynamodb": {"eventID", "messageId"}}  # fmt: skip

_TELLS = ("fail", "reject", "callback", "cb", "done")
"""What JavaScript calls with an error."""


def check(project: Project) -> Iterator[Hit]:
    """Identifiers of another kind; errors of a record that are swallowed."""
    for function in project.functions:
        kinds = {trigger.kind for trigger in function.driven_by(*WRONG)}
        if len(kinds) == 1:
            yield from _identifiers(function, kinds.pop())
        if function.driven_by("sqs", "kinesis", "dynamodb"):
            yield from _swallowed(function)


def _identifiers(function: Function, kind: str) -> Iterator[Hit]:
    for one in reached(function):
        for node in one.nodes:
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "itemIdentifier" and _last(value) in WRONG[kind]:
                        text = f"itemIdentifier is the {_last(value)}: the whole batch comes again"
                        yield Hit(one.place(value), text, function)


def _last(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return node.attr if isinstance(node, ast.Attribute) else ""


def _swallowed(function: Function) -> Iterator[Hit]:
    if returns_failures(function):
        return
    for one, loop in record_loops(function):
        for node in ast.walk(loop):
            if isinstance(node, ast.Try):
                for handler in node.handlers:
                    if _broad(handler) and not _kept(handler, one):
                        yield Hit(
                            one.place(handler), "a record's error is swallowed: the record counts as done", function
                        )


def _broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
    )


def _kept(handler: ast.ExceptHandler, one: Reached) -> bool:
    """Whether it raises, returns, or puts the record anywhere."""
    for node in (inner for statement in handler.body for inner in ast.walk(statement)):
        if isinstance(node, ast.Return) and _nothing(node.value):
            continue
        if isinstance(node, ast.Raise | ast.Return | ast.Assign | ast.AugAssign):
            return True
        if isinstance(node, ast.Call) and chain(node.func).rpartition(".")[2] in _TELLS:
            return True
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in (
                "append",
                "add",
                "send_message",
                "publish",
                "put_item",
                "put_object",
                "exit",
                "extend",
            ):
                return True
    return False


def _nothing(value: ast.expr | None) -> bool:
    """What counts as a success: no answer, None, `Promise.resolve()`."""
    empty = isinstance(value, ast.Call) and chain(value.func) == "Promise.resolve" and not value.args
    return value is None or empty or (isinstance(value, ast.Constant) and value.value is None)


RULE = Rule(
    code="ESM007",
    title="A failed record is reported wrongly or swallowed",
    level="error",
    reliability="certain",
    production="An unknown itemIdentifier fails the whole batch; an error that is only logged deletes the message: it was"
    " never processed and nobody will try again.",
    mend='raise, or append record["messageId"] (SQS), record["kinesis"]["sequenceNumber"] (streams) to the failures',
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",),
    seeds="001, 002",
)
