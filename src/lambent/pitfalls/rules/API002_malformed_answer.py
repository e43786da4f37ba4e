"""Answers that the gateway can't use."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, chain
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Literal answers behind a REST API: a body that is no text, no status code."""
    for function in project.functions:
        handler = function.code.handler if function.code is not None else None
        if handler is None or not function.driven_by("rest", "alb", "http", "url") or handler.node.decorator_list:
            continue
        strict = bool(function.driven_by("rest", "alb"))
        for node in handler.nodes:
            answer = _answer(node)
            problem = _problem(answer, handler, strict) if isinstance(answer, ast.Dict) else None
            if problem:
                yield Hit(handler.place(node), problem, function)


def _answer(node: ast.AST) -> ast.expr | None:
    """What is returned, or given to Node's `callback(null, ...)`."""
    if isinstance(node, ast.Return):
        return node.value
    called = isinstance(node, ast.Call) and chain(node.func) in ("callback", "cb") and len(node.args) == 2
    return node.args[1] if called else None  # type: ignore[attr-defined]


def _problem(answer: ast.Dict, handler: Reached, strict: bool) -> str | None:
    keys = {
        key.value: value for key, value in zip(answer.keys, answer.values, strict=True) if isinstance(key, ast.Constant)
    }
    if len(keys) != len(answer.keys) or not keys:
        return None
    body = keys.get("body")
    if "statusCode" in keys and isinstance(body, ast.Name):
        body = handler.locals.get(body.id, body)
    if "statusCode" in keys and isinstance(body, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp):
        return "body is not text: json.dumps it"
    if "statusCode" not in keys and strict and "body" in keys:
        return "there is no statusCode"
    return None


RULE = Rule(
    code="API002",
    title="The answer is not in the form that the API wants",
    level="error",
    reliability="certain",
    production='The client gets 502 "Internal server error", the log of the API says "Malformed Lambda proxy response".',
    mend='return {"statusCode": 200, "body": json.dumps(...)}',
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html",),
    seeds="001, 002",
    elsewhere="SonarQube S7613 checks only whether it can be serialised.",
)
