"""One function for everything."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.wiring import DOORS
from lambent.pitfalls.finding import Hit, Rule

_FAMILIES = {
    **dict.fromkeys((*DOORS, "gateway"), "requests"),
    **dict.fromkeys(("rule", "rule-schedule", "scheduler"), "events and schedules"),
    **dict.fromkeys(("sqs",), "a queue"),
    **dict.fromkeys(("kinesis", "dynamodb"), "a stream"),
    "s3": "objects",
    "sns": "messages",
    "cognito": "users",
}


def check(project: Project) -> Iterator[Hit]:
    """Functions with sources of different kinds."""
    for function in project.functions:
        families = sorted({_FAMILIES[one.kind] for one in function.triggers if one.kind in _FAMILIES})
        if len(families) > 1:
            text = f"{', '.join(families)}: one function for all"
            yield Hit(function, text, function, reliability="likely" if len(families) > 2 else "possible")


RULE = Rule(
    code="ARC002",
    title="One function for events of many kinds",
    level="info",
    reliability="likely",
    production="One memory size, one timeout and one role for all: the worst branch sets what every one costs and may do,"
    " one metric says of all that something failed.",
    mend="a function for each kind of event; many routes of one API in one function are fine",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/concepts-event-driven-architectures.html",),
    seeds="003, 004",
    silent="its sources are of one kind; of two it is only possible",
)
