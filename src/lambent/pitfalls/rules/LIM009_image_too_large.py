"""An image that can't be deployed."""

from collections.abc import Iterator

from lambent.pitfalls.facts import images
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

LIMIT = 10 << 30


def check(project: Project) -> Iterator[Hit]:
    """Images that lie in the project, by the sizes of their layers."""
    for function in project.functions:
        path = images.archive(function, project)
        size = images.size(path) if path is not None else 0
        if size > LIMIT:
            fact = function.fact("ImageUri")
            place = fact if fact.value is not None else function.fact("Code", "ImageUri")
            yield Hit(place, f"its layers have {size / (1 << 30):.1f} GB, 10 are allowed", function)


RULE = Rule(
    code="LIM009",
    title="The container image is larger than 10 GB",
    level="error",
    reliability="certain",
    production="The function can't be made or changed: InvalidParameterValueException.",
    mend="a base without what is not needed, more stages, models in S3 or EFS",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",),
    seeds="000, 001, 002, 004",
    silent="the image is in a registry. What makes it large is PKG006",
)
