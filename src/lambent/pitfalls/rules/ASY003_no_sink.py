"""Events that vanish."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.queues import asynchronous, has_sink


def check(project: Project) -> Iterator[Hit]:
    """Functions that something invokes asynchronously, with neither dead-letter queue nor failure destination."""
    for function in project.functions:
        if function.listed and asynchronous(function) and has_sink(function) is False and not function.resource.open:
            yield Hit(function, "an event that fails three times is gone", function)


RULE = Rule(
    code="ASY003",
    title="Asynchronous events that fail are dropped",
    level="warning",
    reliability="certain",
    production="After the third attempt, or after 6 hours of throttling, the event is discarded; only a metric says so.",
    mend="set EventInvokeConfig.DestinationConfig.OnFailure (or DeadLetterConfig)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html",),
    seeds="000, 002, 004",
    elsewhere="Most tools flag functions that are only called synchronously as well; there a dead-letter queue does nothing.",
    silent="nothing invokes it asynchronously, or the setting is unknown",
)
