"""More layers than may be."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions with more than five layers, those of Globals counted."""
    for function in project.functions:
        fact = function.fact("Layers")
        if isinstance(fact.value, list) and len(fact.value) > 5:
            yield Hit(fact, f"{len(fact.value)} layers, five are allowed", function)


RULE = Rule(
    code="LIM010",
    title="The function has more than five layers",
    level="error",
    reliability="certain",
    production="The deployment fails with InvalidParameterValueException.",
    mend="merge layers, or put them into the package",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",),
    seeds="002, 004",
)
