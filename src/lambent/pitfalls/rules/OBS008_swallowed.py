"""Errors that look like success."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached
from lambent.pitfalls.facts.wiring import ASYNC, PULLED
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """A broad except around the handler's work that only logs, in functions that something retries."""
    for function in project.functions:
        handler = function.code.handler if function.code is not None else None
        if (
            handler is None
            or not function.driven_by(*ASYNC, *PULLED, "firehose")
            or function.driven_by("rest", "http", "url", "alb")
        ):
            continue
        for statement in handler.node.body:
            if isinstance(statement, ast.Try):
                for caught in statement.handlers:
                    if _broad(caught) and _quiet(caught, handler):
                        yield Hit(
                            handler.place(caught), "an error ends as a success: no retry, no dead letter", function
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
