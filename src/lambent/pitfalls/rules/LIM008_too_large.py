"""A package that can't be deployed."""

from collections.abc import Iterator

from lambent.pitfalls import packages
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

LIMIT = 262_144_000


def check(project: Project) -> Iterator[Hit]:
    """Packages and the stack's layers by the size that they unfold to."""
    for function in project.functions:
        size = packages.size(function)
        megabytes = f"{size / 1_048_576:.0f} MB unpacked with its layers"
        if size > LIMIT:
            yield Hit(packages.place(function), f"{megabytes}: 250 are allowed", function)
        elif size > LIMIT * 0.8:
            text = f"{megabytes}, of 250"
            yield Hit(packages.place(function), text, function, level="warning", reliability="likely")


RULE = Rule(
    code="LIM008",
    title="The package is larger than 250 MB",
    level="error",
    reliability="certain",
    production="InvalidParameterValueException: Unzipped size must be smaller than 262144000 bytes; the deployment fails.",
    mend="leave out what is not imported, or deploy a container image (10 GB)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",),
    seeds="001, 002, 004",
    silent="the package is built elsewhere",
)
