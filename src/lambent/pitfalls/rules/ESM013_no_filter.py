"""Invoked for nothing."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import record_loops
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """A loop over a stream's records that takes one eventName only, without FilterCriteria."""
    for function in project.functions:
        for trigger in function.driven_by("dynamodb"):
            if trigger.fact("FilterCriteria").absent and _drops(function):
                yield Hit(
                    trigger.place,
                    "the code drops records by eventName that a filter would keep away",
                    function,
                    trigger.resource.id,
                )


def _drops(function: object) -> bool:
    for _, loop in record_loops(function):  # type: ignore[arg-type]
        body = [one for one in loop.body if not isinstance(one, ast.Expr | ast.Assign)]
        if (
            len(body) == 1
            and isinstance(body[0], ast.If)
            and not body[0].orelse
            and "eventName" in ast.dump(body[0].test)
        ):
            return True
    return False


RULE = Rule(
    code="ESM013",
    title="The function is invoked for what it drops",
    level="info",
    reliability="likely",
    production="Every record is an invocation that is billed, and most end at the first if.",
    mend='FilterCriteria on the mapping, such as {"eventName": ["INSERT"]}',
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html",),
    seeds="002",
)
