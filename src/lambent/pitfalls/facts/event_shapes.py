"""What drives a handler that no template names: by what its code takes from the event."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Resource, Trigger
from lambent.pitfalls.facts.python import Package, Reached
from lambent.pitfalls.facts.tree import UNKNOWN, Map

_SHAPES = (
    ("sqs", {"Records", "body"}),
    ("sns", {"Records", "Sns"}),
    ("kinesis", {"Records", "kinesis"}),
    ("dynamodb", {"Records", "dynamodb"}),
    ("s3", {"Records", "s3"}),
    ("ses", {"Records", "ses"}),
    ("logs", {"awslogs"}),
    ("http", {"requestContext"}),
    ("http", {"pathParameters"}),
    ("http", {"queryStringParameters"}),
    ("http", {"httpMethod"}),
    ("http", {"body", "statusCode"}),
    ("rule", {"detail"}),
)
"""Kinds by the words that only their events have, the first that fits
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html)."""


def trigger(package: Package, resource: Resource) -> Trigger | None:
    """The trigger that a handler is written for; nothing of its settings is known. None when the code does not tell:
    the handler itself, or a function of it that takes records."""
    handler = package.handler
    kind = _kind(handler, "") if handler is not None else None
    kind = kind or next((found for one in package.reached if (found := _kind(one, "Records"))), None)
    if kind is None:
        return None
    settings = Map(resource.span)
    settings.put("Fn::Unknown", UNKNOWN, resource.span)
    return Trigger(kind, None, resource, resource.place, settings)


def _kind(one: Reached, with_: str) -> str | None:
    """The kind whose words a function has; only of those with a word among them, if one is given."""
    words = set(_words(one))
    return next((kind for kind, needed in _SHAPES if needed <= words and (with_ in needed or not with_)), None)


def _words(handler: Reached) -> Iterator[str]:
    """Keys that are taken from something, and those of what is returned."""
    for node in handler.nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            yield str(node.slice.value)
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "get" and node.args:
            yield str(getattr(node.args[0], "value", ""))
        elif isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            yield from ["statusCode"] if "statusCode" in keys else []
