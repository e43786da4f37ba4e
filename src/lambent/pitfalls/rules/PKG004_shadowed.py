"""Files that hide each other."""

import re
from collections.abc import Iterator
from pathlib import Path

from lambent.pitfalls import packages
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule

_CODE = (".py", ".js", ".mjs", ".cjs", ".so", ".json")
_PATHS = re.compile(r"^(python(?:/lib/python3\.\d+/site-packages)?|nodejs(?:/node\d+)?/node_modules)/(.+)")


def check(project: Project) -> Iterator[Hit]:
    """The same path with another content in two layers, or a module of a layer that the package has as well."""
    for function in project.functions:
        layers = packages.layers(function)
        for number, (layer, root) in enumerate(layers):
            for other, below in layers[:number]:
                name = _differing(root, below)
                if name is not None:
                    text = f"{name} of {layer.id} lies over another one of {other.id}"
                    yield Hit(function.fact("Layers"), text, function)
            name = _in_package(function, root)
            if name is not None:
                text = f"{name} of the package hides the one of {layer.id}"
                yield Hit(function.fact("Layers"), text, function, reliability="likely")


def _differing(root: Path, below: Path) -> str | None:
    same = set(packages.files(root)) & set(packages.files(below))
    code = sorted(name for name in same if name.endswith(_CODE) and _PATHS.match(name))
    return next((name for name in code if packages.content(root, name) != packages.content(below, name)), None)


def _in_package(function: Function, root: Path) -> str | None:
    own = set(packages.names(function))
    for name in sorted(packages.files(root)):
        found = _PATHS.match(name)
        inner = found[2] if found is not None else ""
        if inner in own and inner.endswith(".py") and inner != "setup.py":
            if packages.content(root, name) != packages.content(function.code.root, inner):
                return inner
    return None


RULE = Rule(
    code="PKG004",
    title="A module is there twice, in two versions",
    level="warning",
    reliability="certain",
    production="Layers are merged in their order, the last one wins, and /var/task goes before /opt: the function runs with a"
    " version that nobody chose, or with half of one.",
    mend="one place for each module; layers of what does not overlap",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/chapter-layers.html",),
    seeds="000, 002",
    silent="a layer is of another stack, or is built elsewhere",
)
