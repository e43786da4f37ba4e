"""A timeout that nobody chose."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions without a Timeout."""
    for function in project.functions:
        if function.fact("Timeout").absent and not function.resource.open:
            yield Hit(function, "no Timeout is set: 3 s", function)


RULE = Rule(
    code="LIM005",
    title="The function's timeout is the default of 3 s",
    level="warning",
    reliability="certain",
    production="After 3 s the function is killed, wherever it is: a cold start and one slow call are enough.",
    mend="set Timeout to what the work needs, with its calls' own timeouts below it",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html",),
    seeds="002, 004",
    silent="the timeout is a parameter",
)
