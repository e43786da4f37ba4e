"""A slow start that somebody waits for."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.wiring import DOORS
from lambent.pitfalls.finding import Hit, Rule

SLOW = {"pandas", "scipy", "sklearn", "numpy", "tensorflow", "torch", "transformers", "matplotlib", "spacy", "pyarrow",
        "langchain", "django"}  # fmt: skip


def check(project: Project) -> Iterator[Hit]:
    """Functions behind a door that import what takes long, without SnapStart or provisioned concurrency."""
    for function in project.functions:
        slow = sorted(SLOW & function.code.imported) if function.code is not None else []
        if slow and function.driven_by(*DOORS) and not _prepared(function):
            yield Hit(function, f"somebody waits while {', '.join(slow)} is imported", function)


def _prepared(function: Function) -> bool:
    settings = ("SnapStart", "ProvisionedConcurrencyConfig")
    return any(not function.fact(name).absent for name in settings) or any(
        "ProvisionedConcurrencyConfig" in one.properties for one in function.stack.of("AWS::Lambda::Alias")
    )


RULE = Rule(
    code="EXE016",
    title="A slow start that somebody waits for",
    level="info",
    reliability="possible",
    production="Seconds for the first request of each environment: after idle time, after each deployment, and for every"
    " request that comes while the others are busy.",
    mend="SnapStart, provisioned concurrency, or lighter imports",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/snapstart.html",),
    seeds="001, 002, 004",
    silent="how long it takes is measured by watch: it is only possible",
)
