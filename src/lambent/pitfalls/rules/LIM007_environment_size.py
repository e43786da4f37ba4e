"""More environment than fits."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.tree import plain
from lambent.pitfalls.finding import Hit, Rule

MOST = 4096


def check(project: Project) -> Iterator[Hit]:
    """Functions whose variables have more than 4 KB already without what is unknown."""
    for function in project.functions:
        variables = function.environment
        size = sum(len(f"{name}{plain(value)}".encode()) for name, value in variables.items())
        if size > MOST:
            fact = function.fact("Environment", "Variables")
            yield Hit(fact, f"the variables have {size:,} bytes, {MOST:,} are allowed", function)


RULE = Rule(
    code="LIM007",
    title="The environment variables have more than 4 KB",
    level="error",
    reliability="certain",
    production="The deployment fails with InvalidParameterValueException.",
    mend="keep configuration in Parameter Store or in a file of the package",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",),
    seeds="000, 002, 004",
)
