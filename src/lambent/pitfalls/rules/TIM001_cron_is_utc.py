"""Nine o'clock somewhere."""

import re
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Fact, Place, Project, Trigger
from lambent.pitfalls.finding import Hit, Rule

LOCAL = re.compile(
    r"\b(\d{1,2}(:\d\d)?\s*(am|pm)|morning|midnight|noon|local time|[A-Z][a-z]+ time|EST|EDT|PST|PDT|CET|CEST|JST|IST|BST)\b",
    re.I,
)
HOURS = re.compile(r"cron\(\s*\S+\s+(\d[\d,-]*)\s")


def check(project: Project) -> Iterator[Hit]:
    """Rules with a cron at a certain hour; certain when words beside it speak of local time."""
    for function in project.functions:
        for trigger in function.driven_by("rule-schedule"):
            fact = _expression(trigger)
            if isinstance(fact.value, str) and HOURS.search(fact.value):
                words = f"{trigger.settings.get('Description', '')} {trigger.settings.get('Name', '')}"
                spoken = bool(LOCAL.search(words)) and "UTC" not in words.upper() and "GMT" not in words.upper()
                yield Hit(
                    fact,
                    f"{fact.value} is UTC, all year round",
                    function,
                    trigger.resource.id,
                    reliability="certain" if spoken else "possible",
                )


def _expression(trigger: Trigger) -> Fact:
    for key in ("Schedule", "ScheduleExpression"):
        fact = trigger.fact(key)
        if not fact.absent:
            return fact
    return Fact(None, Place(trigger.place.path, trigger.place.line, trigger.place.end_line))


RULE = Rule(
    code="TIM001",
    title="A rule's cron is UTC",
    level="info",
    reliability="likely",
    production="It runs an hour early or late for half of the year, and at the wrong hour from the start where UTC was not"
    " meant.",
    mend="use AWS::Scheduler::Schedule (SAM: ScheduleV2) with ScheduleExpressionTimezone",
    check=check,
    sources=("https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html",),
    seeds="000, 002",
    silent="a rate, or a cron without a certain hour",
)
