"""Dependencies that were left out."""

from collections.abc import Iterator

from lambent.pitfalls import packages
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """What an installed distribution needs under all conditions, and neither package nor runtime has."""
    for function in project.functions:
        if not function.fact("Layers").absent:
            continue  # it may be there
        missing = _missing(function)
        if missing:
            who, what = missing[0]
            text = f"{who} needs {what}, which the package does not have"
            more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
            yield Hit(packages.place(function), text + more, function)


def _missing(function: Function) -> list[tuple[str, str]]:
    files = packages.names(function)
    there = packages.distributions(files)
    tops = {packages.normal(name.partition("/")[0].removesuffix(".py")) for name in files}
    known = there.keys() | packages.IN_RUNTIME | tops
    return [
        (name, needed)
        for name, folder in sorted(there.items())
        for needed in packages.required(function, folder)
        if needed not in known
    ]


RULE = Rule(
    code="PKG007",
    title="A dependency of a dependency was left out",
    level="error",
    reliability="likely",
    production="ModuleNotFoundError at the first import, or at the first use of a feature, in production alone.",
    mend="install without --no-deps; trim the package by what is large, not by leaving out what is needed",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/python-package.html",),
    seeds="001",
    elsewhere="A seed advises pip install --no-deps to make the package small: it drops what is needed.",
    silent="the package is built elsewhere, or the function has layers; requirements under a condition are not looked at",
)
