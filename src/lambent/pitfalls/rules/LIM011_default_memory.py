"""Memory that nobody chose, or that there is not."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Functions without a MemorySize, with the least, or with one out of range."""
    for function in project.functions:
        fact = function.fact("MemorySize")
        if fact.absent and not function.resource.open:
            yield Hit(function, "no MemorySize is set: 128 MB, and a fourteenth of a CPU", function)
        elif fact.number == 128:
            yield Hit(fact, "128 MB is the least there is, with a fourteenth of a CPU", function, reliability="likely")
        elif fact.number is not None and not 128 <= fact.number <= 10_240:
            yield Hit(fact, f"{fact.number} MB is not between 128 and 10,240", function, level="error")


RULE = Rule(
    code="LIM011",
    title="The function's memory is the default of 128 MB",
    level="warning",
    reliability="certain",
    production="CPU goes with memory: at 128 MB there is 0.07 of a vCPU. Imports take ten times as long as at 1,769 MB,"
    " and because time is billed it is often dearer too; what needs more is killed.",
    mend="set MemorySize to what was measured (512 is a good start)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html",),
    seeds="001, 002, 003",
    silent="the size is a parameter",
)
