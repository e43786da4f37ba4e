"""Files as a request."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, walk
from lambent.pitfalls.facts.wiring import DOORS
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """A file's content as Payload of an invocation; uploads through an API."""
    for function in project.functions:
        for call in effects.calling(function, "lambda", "invoke"):
            payload = call.arguments.get("Payload")
            if payload is not None and _is_file(payload, call.where):
                yield Hit(call.place, "a file goes into the request", function)
        for one in reached(function) if function.driven_by(*DOORS) else ():
            for node in one.nodes:
                if isinstance(node, ast.Call) and _decodes_body(node, one):
                    yield Hit(one.place(node), "uploads go through the API and the function", function)


def _is_file(node: ast.expr, where: Reached) -> bool:
    value = where.locals.get(node.id, node) if isinstance(node, ast.Name) else node
    calls = [inner for inner in walk(value) if isinstance(inner, ast.Call)]
    return any(getattr(one.func, "attr", "") in ("read", "b64encode", "read_bytes") for one in calls)


def _decodes_body(node: ast.Call, one: Reached) -> bool:
    if one.module.dotted(node.func) != "base64.b64decode" or not node.args:
        return False
    return any(isinstance(inner, ast.Constant) and inner.value == "body" for inner in walk(node.args[0]))


RULE = Rule(
    code="LIM002",
    title="Files in a request",
    level="info",
    reliability="possible",
    production="6 MB is the limit of a request (4.5 MB of a file, in Base64): 413, RequestTooLargeException.",
    mend="a presigned link, by which the client uploads to S3; hand over the object's name",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",),
    seeds="002",
)
