"""Where nobody looks, in a loop."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions with all of the 15 minutes: a bound that one will reach."""
    for function in project.functions:
        fact = function.fact("Timeout")
        if fact.number is not None and fact.number > 900:
            yield Hit(
                fact,
                f"{fact.number} s is more than the 900 that there are",
                function,
                level="error",
                reliability="certain",
            )
        elif fact.number == 900:
            yield Hit(fact, "the timeout is all that there is: what needs more is killed half done", function)


RULE = Rule(
    code="LIM006",
    title="Work that may need more than 15 minutes",
    level="info",
    reliability="possible",
    production="After 900 s the function is killed, wherever it is.",
    mend="checkpoint and go on in a next invocation, or hand over to Step Functions, Fargate, Batch",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",),
    seeds="002, 004",
)
