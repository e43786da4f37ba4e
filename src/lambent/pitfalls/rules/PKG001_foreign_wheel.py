"""Native code that was built for another system or Python."""

import re
from collections.abc import Iterator

from lambent.pitfalls import packages
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule

_FOREIGN = re.compile(r"-darwin\.so$|\.pyd$|\.dylib$")
_TAGGED = re.compile(r"\.cpython-(\d)(\d+)-[^/]*linux[^/]*\.so$")


def check(project: Project) -> Iterator[Hit]:
    """Extension modules whose names say another system, or another Python than the function's."""
    for function in project.functions:
        files = packages.names(function)
        foreign = next((one for one in files if _FOREIGN.search(one)), None) or _other_python(function, files)
        if foreign is not None:
            yield Hit(packages.place(function), f"{foreign} can't be loaded on Lambda with this runtime", function)


def _other_python(function: Function, files: list[str]) -> str | None:
    """A module that is there for other Pythons alone."""
    runtime = function.fact("Runtime").value
    if not isinstance(runtime, str) or not runtime.startswith("python3."):
        return None
    built: dict[str, set[str]] = {}
    for one in files:
        found = _TAGGED.search(one)
        if found is not None:
            built.setdefault(one[: found.start()], set()).add(f"python{found[1]}.{found[2]}")
    return next((name for name, pythons in built.items() if runtime not in pythons), None)


RULE = Rule(
    code="PKG001",
    title="The package has native code for another system or Python",
    level="error",
    reliability="certain",
    production="The import fails (invalid ELF header, No module named ...) and with it every invocation: pip took the"
    " wheels of the machine it ran on.",
    mend="sam build --use-container, or pip install --platform manylinux2014_x86_64 --only-binary=:all: --python-version 3.12",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/python-package.html",),
    seeds="001, 002",
    silent="the package is built elsewhere: it is looked into where CodeUri is a zip or a folder with what was installed",
)
