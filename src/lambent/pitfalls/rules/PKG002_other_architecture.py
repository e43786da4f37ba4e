"""Native code that was built for the other architecture."""

import re
from collections.abc import Iterator

from lambent.pitfalls import packages
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

_BUILT = re.compile(r"(x86_64|aarch64)-linux[^/]*\.so$")
_NAMES = {"x86_64": "x86_64", "aarch64": "arm64"}


def check(project: Project) -> Iterator[Hit]:
    """Extension modules whose names say the architecture that the function has not."""
    for function in project.functions:
        fact = function.fact("Architectures")
        listed = ["x86_64"] if fact.absent else fact.value
        if not isinstance(listed, list) or len(listed) != 1 or listed[0] not in _NAMES.values():
            continue
        for name in packages.names(function):
            built = _BUILT.search(name)
            if built is not None and _NAMES[built[1]] != listed[0]:
                yield Hit(packages.place(function), f"{name} is not built for {listed[0]}", function)
                break


RULE = Rule(
    code="PKG002",
    title="The package has native code for the other architecture",
    level="error",
    reliability="certain",
    production="The import fails in every invocation: arm64 was set in the template, and the wheels stayed x86_64 (or the"
    " other way round).",
    mend="build for the function's architecture (pip install --platform manylinux2014_aarch64 --only-binary=:all:)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html",),
    seeds="001, 002",
    silent="the package is built elsewhere, or the architecture is unknown",
)
