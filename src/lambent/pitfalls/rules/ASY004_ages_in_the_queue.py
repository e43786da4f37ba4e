"""Events that grow too old."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.queues import has_sink, setting

BURSTS = ("s3", "sns", "rule", "iot", "logs")
FEW = 10


def check(project: Project) -> Iterator[Hit]:
    """Asynchronous functions with a small reservation, the default age and nowhere for what expires."""
    for function in project.functions:
        reserved = function.fact("ReservedConcurrentExecutions")
        few = reserved.number is not None and 0 < reserved.number <= FEW
        if few and function.driven_by(*BURSTS) and setting(function, "MaximumEventAgeInSeconds").absent:
            if has_sink(function) is False:
                yield Hit(reserved, f"{reserved.number} at once: what waits longer than 6 hours is gone", function)


RULE = Rule(
    code="ASY004",
    title="Events may grow too old behind a small reservation",
    level="info",
    reliability="possible",
    production="Throttled asynchronous events are tried again for up to 6 hours, then dropped; nothing is logged by the function.",
    mend="an OnFailure destination, an alarm on AsyncEventAge, or a queue between (its messages last for days)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-configuring.html",),
    seeds="000, 002, 004",
    silent="there is a destination or a dead-letter queue, or the age is set",
)
