"""Nobody is told."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Stacks without any alarm on errors or throttles of their functions."""
    for stack in project.stacks:
        if (
            stack.functions
            and stack.functions[0].listed
            and not stack.open
            and not any(stack.of("AWS::CloudWatch::Alarm"))
        ):
            yield Hit(stack.functions[0], "no alarm watches the stack's functions", stack.functions[0])


RULE = Rule(
    code="OBS007",
    title="No alarm on errors and throttles",
    level="info",
    reliability="possible",
    production="Throttled and failed events are seen when a customer calls.",
    mend="AWS::CloudWatch::Alarm on Errors, Throttles, AsyncEventAge or the dead-letter queue's depth",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html",),
    seeds="001, 004",
    silent="alarms may stand in another stack: it is only possible",
)
