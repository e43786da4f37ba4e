"""Errors that become a generic 502."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project, Trigger
from lambent.pitfalls.facts.python import Reached, chain, walk
from lambent.pitfalls.facts.tree import Map, Seq
from lambent.pitfalls.facts.wiring import DOORS
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.outside import OUTSIDE

FRAMEWORKS = {"mangum", "chalice", "apig_wsgi", "serverless_wsgi", "awsgi", "aws_wsgi", "zappa", "flask_lambda", "magnum",
              "serverless_wsgi_handler", "lambda_decorators", "fastapi", "flask", "django", "apig_wsgi_handler", "middy",
              "@middy/core", "express", "serverless-http", "aws-serverless-express", "@vendia/serverless-express", "lambda-api",
              "@codegenie/serverless-express", "apollo-server-lambda", "hono", "fastify", "@fastify/aws-lambda", "koa",
              "@as-integrations/aws-lambda", "@nestjs/core", "claudia-api-builder", "graphql-yoga"}  # fmt: skip
PASSING = ("inject_lambda_context", "capture_lambda_handler", "log_metrics", "xray_recorder.capture", "capture_method")  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Handlers behind an API without any try, framework or decorator around what may fail; bodies that are parsed
    outside of every try."""
    for function in project.functions:
        for trigger in function.driven_by("rest"):
            if _answers_200(trigger):
                yield Hit(
                    trigger.place, "an exception is answered with 200: no response has a selection pattern", function
                )
        handler = _working(function.code.handler) if function.code is not None else None
        if handler is None or not function.driven_by(*DOORS, "websocket") or _wrapped(handler):
            continue
        if function.code.imported & FRAMEWORKS or _resolves(handler):
            continue
        if _tries(handler):
            bare = [node for node in handler.nodes if _parses_body(node, handler) and not _tried(node, handler)]
            yield from (Hit(handler.place(node), "a body that is no JSON becomes a 5xx", function) for node in bare[:1])
            continue
        if _parses(handler) or (not _told_of_errors(handler) and _may_fail(function.code.reached)):
            place = handler.place(handler.node)
            yield Hit(type(place)(place.path, place.line, place.line), "an exception becomes a generic 5xx", function)
        else:
            for one in function.code.reached[1:]:
                bare = [node for node in one.nodes if _parses_body(node, one) and not _tried(node, one)]
                yield from (Hit(one.place(node), "a body that is no JSON becomes a 5xx", function) for node in bare[:1])


def _answers_200(trigger: Trigger) -> bool:
    """Whether an integration that is no proxy waits for the answer and tells errors from it by no pattern."""
    if trigger.fact("Type").value != "AWS" or "IntegrationResponses" not in trigger.settings:
        return False
    listed = trigger.settings["IntegrationResponses"]
    asked = trigger.settings.get("RequestParameters")
    later = any("Invocation-Type" in key for key in asked) if isinstance(asked, Map) else False
    maps = [one for one in listed if isinstance(one, Map)] if isinstance(listed, Seq) else []
    return bool(maps) and not later and not any("SelectionPattern" in one for one in maps)


def _working(handler: Reached | None) -> Reached | None:
    """The function that does the work: what a handler of one line hands its event on to."""
    if handler is None or len(handler.node.body) != 1 or not isinstance(handler.node.body[0], ast.Return):
        return handler
    value = handler.node.body[0].value
    call = value.value if isinstance(value, ast.Await) else value
    name = chain(call.func) if isinstance(call, ast.Call) else ""
    target = handler.module.package.resolve(handler.module, name) if name else None
    if target is None or not isinstance(target[1], ast.FunctionDef | ast.AsyncFunctionDef):
        return handler
    return Reached(target[0], target[1])


def _resolves(handler: Reached) -> bool:
    return any(
        isinstance(node, ast.Attribute) and node.attr in ("resolve", "handle", "handle_request")
        for node in handler.nodes
    )


def _wrapped(handler: Reached) -> bool:
    """Whether something stands around it that may catch; what only logs, traces and measures does not."""
    names = [chain(one.func if isinstance(one, ast.Call) else one) for one in handler.node.decorator_list]
    return any(not name.endswith(PASSING) for name in names)


def _tries(handler: Reached) -> bool:
    """Whether the handler catches, or leaves all to one function of the package that does."""
    if any(isinstance(node, ast.Try) or _catches(node) for node in handler.nodes):
        return True
    package = handler.module.package
    called = [node for node in handler.nodes if isinstance(node, ast.Call)]
    targets = [package.resolve(handler.module, chain(node.func)) for node in called if chain(node.func)]
    inner = [one[1] for one in targets if one is not None]
    if len(handler.node.body) <= 2 and any(isinstance(node, ast.Try) for one in inner for node in walk(one)):
        return True
    last = handler.node.body[-1]
    target = _called_last(last.value, handler) if isinstance(last, ast.Return) and last.value is not None else None
    return target is not None and any(isinstance(node, ast.Try) for node in walk(target))


def _called_last(value: ast.expr, handler: Reached) -> ast.stmt | None:
    """The function of the package that makes the answer: `return respond(work(event))`."""
    call = value.value if isinstance(value, ast.Await) else value
    name = chain(call.func) if isinstance(call, ast.Call) else ""
    found = handler.module.package.resolve(handler.module, name) if name else None
    return found[1] if found is not None and isinstance(found[1], ast.FunctionDef | ast.AsyncFunctionDef) else None


def _catches(node: ast.AST) -> bool:
    """`promise.catch(...)`."""
    return isinstance(node, ast.Attribute) and node.attr == "catch"


def _parses_body(node: ast.AST, handler: Reached) -> bool:
    """`JSON.parse(event.body)`, `json.loads(event["body"])`, or of a name that holds it."""
    if not (isinstance(node, ast.Call) and chain(node.func) in ("json.loads", "JSON.parse") and node.args):
        return False
    given = node.args[0]
    held = handler.locals.get(given.id) if isinstance(given, ast.Name) else None
    return any(_is_body(one) for one in (ast.walk(held) if held is not None else [given]))


def _is_body(given: ast.AST) -> bool:
    named = isinstance(given, ast.Attribute) and given.attr == "body"
    keyed = isinstance(given, ast.Subscript) and isinstance(given.slice, ast.Constant) and given.slice.value == "body"
    return (named or keyed) and chain(given.value) == "event"  # type: ignore[attr-defined]


def _tried(node: ast.AST, handler: Reached) -> bool:
    """Whether it stands in a try, or in a promise's chain that has a catch."""
    above: ast.AST | None = node
    while above is not None and above is not handler.node:
        if isinstance(above, ast.Try | ast.Lambda) or _catches(above):
            return True
        above = handler.module.parents.get(above)
    return above is None


def _parses(handler: Reached) -> bool:
    return any(
        isinstance(node, ast.Call) and chain(node.func) in ("json.loads", "JSON.parse") for node in handler.nodes
    )


def _told_of_errors(handler: Reached) -> bool:
    """Whether a function without a name takes an error first, as callbacks of Node do."""
    given = (getattr(node, "params", None) for node in handler.nodes)
    return any(one and getattr(one[0], "id", "") in ("err", "error") for one in given)


def _may_fail(reached_: list[Reached]) -> bool:
    """Whether anything is done that may fail: a call by SDK or HTTP, parsing, a key of the event."""
    for one in reached_:
        for node in one.nodes:
            if isinstance(node, ast.Call) and one.module.dotted(node.func) == "json.loads":
                return True
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
                if node.value.id in ("event", "body"):
                    return True
    imported = {name.partition("/")[0] for one in reached_[:1] for name in one.module.package.imported}
    return bool(imported & OUTSIDE) or any(bool(one.module.package.sdk_calls) for one in reached_[:1])


RULE = Rule(
    code="API001",
    title="An unhandled exception of an API's function",
    level="warning",
    reliability="likely",
    production='The client gets 502 {"message": "Internal server error"} (REST, function URL), 500 (HTTP API), also for its'
    " own mistakes; a non-proxy integration even answers 200 with the stack trace.",
    mend="catch at the top: 4xx for what the client did, 5xx with an id for what is ours; or use a router (Powertools)",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html",),
    seeds="000, 001, 002",
    elsewhere="Two seeds say that the client sees errorMessage: only direct calls and non-proxy integrations show it.",
)
