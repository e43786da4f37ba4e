"""A workflow written by hand."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import Reached, walk
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions that are called one after the other, and tried again with a sleep."""
    for function in project.functions:
        steps = _steps(function)
        if len(steps) > 1:
            text = f"{len(steps)} functions are called one after the other, and waited for"
            yield Hit(steps[0].place, text, function, reliability="likely")
        for one in reached(function):
            for node in one.nodes:
                if isinstance(node, ast.For | ast.While) and _tries_again(node, one):
                    yield Hit(one.place(node), "it is tried again by hand, with a sleep that is paid for", function)


def _steps(function: Function) -> list[SdkCall]:
    calls = effects.calling(function, "lambda", "invoke")
    waited = [one for one in calls if one.fold("InvocationType") in (None, "RequestResponse") and not one.open]
    return [one for one in waited if one.where.node is waited[0].where.node]


def _tries_again(node: ast.For | ast.While, one: Reached) -> bool:
    for inner in walk(node):
        if isinstance(inner, ast.Try):
            caught = [each for handler in inner.handlers for statement in handler.body for each in walk(statement)]
            if any(isinstance(each, ast.Call) and one.module.dotted(each.func) == "time.sleep" for each in caught):
                return True
    return False


RULE = Rule(
    code="ARC004",
    title="A workflow that is coded in a function",
    level="info",
    reliability="possible",
    production="Its state is the function's memory: a crash or a timeout between two steps loses where it was, and all the"
    " waiting is billed.",
    mend="Step Functions: a task for each step, with Retry and Catch",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/concepts-event-driven-architectures.html",),
    seeds="002, 003",
)
