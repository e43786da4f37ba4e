"""What Lambda is not made for."""

from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule

ENGINES = {"pyspark", "dask", "ray"}


def check(project: Project) -> Iterator[Hit]:
    """Everything at its maximum, or an engine for clusters."""
    for function in project.functions:
        timeout = function.fact("Timeout")
        if (timeout.number or 0) >= 900 and (function.fact("MemorySize").number or 0) >= 8192:
            yield Hit(timeout, "all of the time and most of the memory that there is", function)
        elif engines := _engines(function):
            yield Hit(function, f"{', '.join(engines)} on one machine for up to 15 minutes", function)


def _engines(function: Function) -> list[str]:
    return sorted(ENGINES & function.code.imported) if function.code is not None else []


RULE = Rule(
    code="ARC006",
    title="Work that another service does better",
    level="info",
    reliability="possible",
    production="15 minutes of 10 GB cost $0.15 an invocation, and a minute more is not to be had: the next larger input fails.",
    mend="Glue, AWS Batch or Fargate for what is large; Step Functions' distributed map for what can be divided",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html",),
    seeds="001, 002, 004",
)
