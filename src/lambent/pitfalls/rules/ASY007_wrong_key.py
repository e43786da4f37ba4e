"""Keys that are not what makes an event the same."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Function, Project, Trigger
from lambent.pitfalls.facts.python import Reached
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Keys of a guard that are of the first record only, or new in each delivery."""
    for function in project.functions:
        for call in effects.calling(function, "dynamodb", "get_item", "put_item"):
            if call.operation == "get_item" or "ConditionExpression" in call.arguments:
                argument = call.arguments.get("Key", call.arguments.get("Item"))
                problem = _problem(argument, call.where) if argument is not None else None
                if problem:
                    yield Hit(call.place, problem, function)
        yield from _first_only(function)


def _problem(node: ast.expr, where: Reached) -> str | None:
    for inner in _followed(node, where):
        if isinstance(inner, ast.Attribute) and inner.attr == "aws_request_id":
            return "the request id is new when an event is delivered again"
        if isinstance(inner, ast.Call) and where.module.dotted(inner.func) in ("uuid.uuid4", "uuid.uuid1"):
            if isinstance(node, ast.Dict):
                return _in_key(node, inner, where)
    return None


def _in_key(node: ast.Dict, call: ast.Call, where: Reached) -> str | None:
    first = node.values[0] if node.values else None
    return "a new uuid never meets the old one" if first is not None and call in list(_followed(first, where)) else None


def _followed(node: ast.expr, where: Reached) -> Iterator[ast.AST]:
    for inner in ast.walk(node):
        yield inner
        if isinstance(inner, ast.Name) and inner.id in where.locals:
            yield from ast.walk(where.locals[inner.id])


def _first_only(function: Function) -> Iterator[Hit]:
    """`event["Records"][0]` where a batch of several may come."""
    pulled = function.driven_by("sqs", "kinesis", "dynamodb")
    if not pulled or any(map(_single, pulled)):
        return
    for one in reached(function):
        if _others_looked_at(one):
            continue
        for node in one.nodes:
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == 0:
                inner = node.value
                if isinstance(inner, ast.Subscript) and _records(inner, one):
                    yield Hit(one.place(node), "only the first record of a batch is looked at", function)


def _single(trigger: Trigger) -> bool:
    """Whether a batch has one record, or may."""
    size = trigger.fact("BatchSize")
    return size.number == 1 or size.unknown


def _records(node: ast.Subscript, one: Reached) -> bool:
    """Whether it is the event's own list of records."""
    event = [arg.arg for arg in one.node.args.args][:1]
    named = isinstance(node.slice, ast.Constant) and node.slice.value == "Records"
    return named and isinstance(node.value, ast.Name) and node.value.id in (*event, "event")


def _others_looked_at(one: Reached) -> bool:
    """Whether records are taken otherwise than the first alone."""
    for node in one.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and node.slice.value == "Records":
            parent = one.module.parents.get(node)
            index = parent.slice if isinstance(parent, ast.Subscript) else None
            if not (isinstance(index, ast.Constant) and index.value == 0):
                return True
    return False


RULE = Rule(
    code="ASY007",
    title="The key is not what makes an event the same",
    level="error",
    reliability="certain",
    production="The other records of a batch go unseen (or unguarded), and a redelivered event has another key: it is"
    " processed twice.",
    mend="take the source's identity of each record: messageId, sequenceNumber, the event's id, a business key",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/",),
    seeds="002",
    elsewhere='The sample of a seed (Records[0]["messageId"]) has this fault.',
)
