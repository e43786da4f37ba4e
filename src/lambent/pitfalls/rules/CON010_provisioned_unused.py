"""Provisioned environments that nobody calls."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Provisioned concurrency of an alias, while triggers call the function itself."""
    for function in project.functions:
        fact = _provisioned(function)
        around = [one for one in function.triggers if not one.alias]
        if fact and around and len(around) == len(function.triggers):
            kinds = ", ".join(sorted({one.kind for one in around}))
            yield Hit(
                around[0].place, f"calls the function, not the alias with provisioned concurrency ({kinds})", function
            )


def _provisioned(function: Function) -> bool:
    """Whether an alias or version of it has provisioned concurrency (SAM sends its own events to the alias)."""
    return any(
        "ProvisionedConcurrencyConfig" in one.properties
        and function.stack.function(one.properties.get("FunctionName"))[0] is function
        for one in function.stack.of("AWS::Lambda::Alias", "AWS::Lambda::Version")
    )


RULE = Rule(
    code="CON010",
    title="Triggers go around the alias that has provisioned concurrency",
    level="error",
    reliability="certain",
    production="The provisioned environments stand idle and are paid for ($0.0000041667 per GB-second, about $11 a month"
    " for one of 1 GB), every call is a cold start as before.",
    mend="let the trigger name the alias's ARN",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html",),
    seeds="001, 004",
)
