"""Writes that add up."""

import ast
import re
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import fold
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.facts.tree import plain
from lambent.pitfalls.finding import Hit, Rule

ADDS = re.compile(r"(^|\s)ADD\s|list_append|=\s*(if_not_exists\([^)]*\)|#?[\w.#]+)\s*[+-]\s*:")


def check(project: Project) -> Iterator[Hit]:
    """update_item that adds, where the same event may come twice."""
    for function in project.functions:
        if not effects.at_least_once(function) or effects.guarded(function):
            continue
        for call in effects.calling(function, "dynamodb", "update_item", "update"):
            if _legacy(call):
                yield Hit(call.place, "a counter grows once more when the event is delivered again", function)
            expression = call.arguments.get("UpdateExpression")
            folded = fold(expression, call.where.module, call.where) if expression is not None else None
            if folded is not None and ADDS.search(plain(folded)):
                yield Hit(call.place, "a counter or list grows once more when the event is delivered again", function)


def _legacy(call: SdkCall) -> bool:
    """`AttributeUpdates` with the action ADD."""
    updates = call.arguments.get("AttributeUpdates")
    return updates is not None and any(
        isinstance(node, ast.Constant) and node.value == "ADD" for node in ast.walk(updates)
    )


RULE = Rule(
    code="ASY009",
    title="A write that adds up when it is repeated",
    level="error",
    reliability="certain",
    production="Every source of events delivers at least once: now and then a count is too high, for good.",
    mend="guard with a ConditionExpression on an id of the event, or keep the ids and count them",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html",),
    seeds="003",
    elsewhere="A seed calls two put_item of one key a duplicate: the second overwrites, the result is the same.",
    silent="a condition or an idempotency library is used anywhere in the function",
)
