"""Partial batch failures wired half."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import mending
from lambent.pitfalls.batches import failures_reported, returns_failures
from lambent.pitfalls.facts.project import Project, Trigger
from lambent.pitfalls.facts.python import Reached
from lambent.pitfalls.finding import Fix, Hit, Rule

KINDS = ("sqs", "kinesis", "dynamodb", "stream")


def check(project: Project) -> Iterator[Hit]:
    """The flag without the answer, or the answer without the flag."""
    for function in project.functions:
        handler = function.code.handler if function.code is not None else None
        if handler is None or handler.node.decorator_list:
            continue
        for trigger in function.driven_by(*KINDS):
            flag = failures_reported(trigger)
            if flag and not returns_failures(function) and _plain(handler):
                text = "failures are to be reported, and the handler never returns batchItemFailures"
                yield Hit(handler.place(_line(handler)), text, function, trigger.resource.id)
            elif flag is False and returns_failures(function):
                text = f"{function.id} returns batchItemFailures, the mapping does not look at them: failed records are gone"
                yield Hit(trigger.place, text, function, trigger.resource.id, fix=_fix(trigger))


def _line(handler: Reached) -> ast.AST:
    return ast.copy_location(
        ast.Pass(), ast.Pass(lineno=handler.node.lineno, col_offset=0, end_lineno=handler.node.lineno)
    )


def _fix(trigger: Trigger) -> Fix | None:
    return mending.setting(
        trigger.resource,
        trigger.settings,
        "FunctionResponseTypes",
        "[ReportBatchItemFailures]",
        'function_response_types = ["ReportBatchItemFailures"]',
        "functionResponseType: ReportBatchItemFailures",
    )


def _plain(handler: Reached) -> bool:
    """Whether what it returns is made here: nothing, or literals without the key."""
    returns = [node.value for node in handler.nodes if isinstance(node, ast.Return)]
    return all(value is None or isinstance(value, ast.Constant | ast.Dict) for value in returns)


RULE = Rule(
    code="ESM003",
    title="Partial batch failures are wired half",
    level="error",
    reliability="certain",
    production="Flag without answer: the whole batch counts as a success or as a failure. Answer without flag: the failed"
    " messages are deleted with the others, for good.",
    mend='set FunctionResponseTypes: [ReportBatchItemFailures] and return {"batchItemFailures": [{"itemIdentifier": ...}]}',
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",),
    seeds="000, 001, 002",
)
