"""Messages as large as a list."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, chain, loop_of, walk
from lambent.pitfalls.finding import Hit, Rule

BODIES = {
    ("sqs", "send_message"): "MessageBody",
    ("sns", "publish"): "Message",
    ("lambda", "invoke"): "Payload",
    ("stepfunctions", "start_execution"): "input",
}


def check(project: Project) -> Iterator[Hit]:
    """Bodies made of a list that a loop fills."""
    for function in project.functions:
        for call in effects.calls(function):
            body = call.arguments.get(BODIES.get((call.service, call.operation), ""))
            name = _grows(body, call.where) if body is not None else None
            if name is not None:
                yield Hit(call.place, f"the message holds all of {name}, however many there are", function)


def _grows(body: ast.expr, where: Reached) -> str | None:
    """The list in it that something appends to."""
    value = where.locals.get(body.id, body) if isinstance(body, ast.Name) else body
    names = {inner.id for inner in walk(value) if isinstance(inner, ast.Name)}
    for node in where.nodes:
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("append", "extend")
        ):
            if chain(node.func.value) in names and loop_of(node, where.module.parents, where.node):
                return chain(node.func.value)
    return None


RULE = Rule(
    code="LIM003",
    title="A message that grows with a list",
    level="info",
    reliability="possible",
    production="1 MB is the limit of an asynchronous event and of a message of SQS, SNS and EventBridge (256 KB of a state"
    " machine's input): above, the send fails.",
    mend="put the list into S3 and send its name",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",),
    seeds="000, 002",
)
