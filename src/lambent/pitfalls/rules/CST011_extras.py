"""Paid extras."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """More than 512 MB of /tmp, SnapStart of Python, large amounts of which are paid."""
    for function in project.functions:
        size = function.fact("EphemeralStorage", "Size")
        if (size.number or 0) > 512:
            yield Hit(size, f"{size.number} MB of /tmp: all above 512 are billed by GB-second", function)


RULE = Rule(
    code="CST011",
    title="A paid extra",
    level="info",
    reliability="possible",
    production="$0.0000000309 per GB-second for /tmp above 512 MB.",
    mend="as much as was measured",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html",),
    seeds="002",
)
