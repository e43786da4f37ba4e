"""Stuck for three quarters of an hour."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.queues import asynchronous, has_sink


def check(project: Project) -> Iterator[Hit]:
    """Asynchronous functions with five minutes and more, and no end for what fails."""
    for function in project.functions:
        fact = function.fact("Timeout")
        if (fact.number or 0) >= 300 and asynchronous(function) and has_sink(function) is False:
            minutes = (fact.number or 0) * 3 / 60
            yield Hit(
                fact,
                f"a hanging call blocks for {minutes:g} minutes in three attempts, then the event is gone",
                function,
            )


RULE = Rule(
    code="ASY012",
    title="A very long timeout and no end for failed events",
    level="warning",
    reliability="likely",
    production="One hanging dependency holds an environment for the whole timeout, three times, and nobody hears of it.",
    mend="lower Timeout to what the work needs, and set an OnFailure destination",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html",),
    seeds="004",
)
