"""Order lost after a failure."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import failures_reported, record_loops, uses_processor
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.queues import is_fifo


def check(project: Project) -> Iterator[Hit]:
    """FIFO queues with partial failures whose loop goes on after a failed record."""
    for function in project.functions:
        for trigger in function.driven_by("sqs"):
            if is_fifo(function.stack, trigger.source) and failures_reported(trigger) and not uses_processor(function):
                for one, loop in record_loops(function):
                    for node in ast.walk(loop):
                        if isinstance(node, ast.ExceptHandler) and not _stops(node, loop):
                            yield Hit(
                                one.place(node), "the loop goes on after a failed record of a FIFO queue", function
                            )


def _stops(handler: ast.ExceptHandler, loop: ast.For) -> bool:
    stops = (ast.Break, ast.Return, ast.Raise)
    if any(isinstance(inner, stops) for statement in handler.body for inner in ast.walk(statement)):
        return True
    flags = {t.id for n in ast.walk(handler) if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
    tests = [node.test for node in ast.walk(loop) if isinstance(node, ast.If)]
    return any(isinstance(inner, ast.Name) and inner.id in flags for test in tests for inner in ast.walk(test))


RULE = Rule(
    code="ESM008",
    title="After a failure in a FIFO batch the rest is processed",
    level="error",
    reliability="certain",
    production="The failed message comes again after those that followed it in its group: the order, which is what the"
    " FIFO queue is paid for, is lost.",
    mend="stop at the first failure and return it with all that follow (Powertools: SqsFifoPartialProcessor)",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",),
    seeds="002",
)
