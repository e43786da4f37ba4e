"""The dearer architecture."""

from collections.abc import Iterator

from lambent.pitfalls import packages
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """x86_64 where the code is known and nothing native lies in the package."""
    for function in project.functions:
        fact = function.fact("Architectures")
        x86 = fact.absent or fact.value == ["x86_64"]
        if function.listed and x86 and function.code is not None and not _native(function):
            yield Hit(fact, "nothing in the package needs x86_64", function)


def _native(function: Function) -> bool:
    return any(name.endswith((".so", ".node", ".dll")) or ".so." in name for name in packages.names(function))


RULE = Rule(
    code="CST008",
    title="x86_64 where arm64 would do",
    level="info",
    reliability="possible",
    production="$0.0000166667 instead of $0.0000133334 per GB-second: a fifth less for the same time.",
    mend="Architectures: [arm64], and dependencies that are built for it",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html",),
    seeds="000, 002",
    silent="native code lies in the package; whether every dependency has a build for arm64 is not known: it is only possible",
)
