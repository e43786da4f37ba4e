"""Loops that do not look at the time."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import loop_of, walk
from lambent.pitfalls.facts.wiring import ASYNC, PULLED
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Writes in a loop, in functions that nobody waits for and that never ask how much time is left."""
    for function in project.functions:
        if function.code is not None and function.driven_by(*ASYNC, *PULLED) and not _asks(function):
            for call in effects.calls(function):
                loop = loop_of(call.node, call.where.module.parents)
                if loop is not None and call.operation in effects.WRITES.get(call.service, ()):
                    yield Hit(
                        call.where.place(loop), "when time is over some of it is done, and nobody knows what", function
                    )


def _asks(function: Function) -> bool:
    words = {"get_remaining_time_in_millis", "getRemainingTimeInMillis", "register_lambda_context"}
    return any(
        isinstance(node, ast.Attribute) and node.attr in words
        for module in function.code.loaded
        for node in walk(module.tree)
    )


RULE = Rule(
    code="EXE013",
    title="A loop of writes that does not look at the time",
    level="info",
    reliability="possible",
    production="At its timeout the function is killed between two writes; the event comes again and begins at the first.",
    mend="stop while context.get_remaining_time_in_millis() is enough to say where, and go on from there",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/python-context.html",),
    seeds="002",
    silent="the time that is left is asked for. Which effects are done twice is found by torture",
)
