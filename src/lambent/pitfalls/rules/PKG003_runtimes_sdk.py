"""An SDK that the runtime does not have."""

import re
from collections.abc import Iterator

from lambent.pitfalls import dependencies
from lambent.pitfalls.facts.project import Function, Place, Project
from lambent.pitfalls.finding import Hit, Rule

_NODE = re.compile(r"nodejs(\d+)\.x")


def check(project: Project) -> Iterator[Hit]:
    """JavaScript for the SDK of another runtime's time; boto3 by a package that does not have it."""
    for function in project.functions:
        runtime = function.fact("Runtime").value
        found = _NODE.fullmatch(runtime) if isinstance(runtime, str) else None
        if function.code is None or not function.listed or not function.fact("Layers").absent:
            continue
        if found is not None:
            yield from _node(project, function, int(found[1]))
        elif isinstance(runtime, str) and runtime.startswith("python"):
            yield from _python(project, function)


def _node(project: Project, function: Function, version: int) -> Iterator[Hit]:
    for name, place in dependencies.modules(function):
        old, new = name == "aws-sdk" or name.startswith("aws-sdk/"), name.startswith("@aws-sdk/")
        if ((old and version >= 18) or (new and version < 18)) and dependencies.has_module(
            project, function, name
        ) is False:
            yield Hit(place, f"nodejs{version}.x does not have {name}, and neither has the package", function)
            return


def _python(project: Project, function: Function) -> Iterator[Hit]:
    if "boto3" in function.code.imported and not dependencies.asks_for(project, function, "boto3"):
        text = "boto3 is the runtime's, whichever that is when it runs"
        yield Hit(
            _import(function),
            text,
            function,
            level="info",
            reliability="possible",
            mend="put boto3 into requirements.txt",
        )


def _import(function: Function) -> Place:
    path = function.code.handler_module.path
    return Place(path, 1, 1)


RULE = Rule(
    code="PKG003",
    title="The runtime does not have the SDK that the code asks for",
    level="error",
    reliability="certain",
    production="Runtime.ImportModuleError: Cannot find module 'aws-sdk', in every invocation: nodejs18.x and later have"
    " version 3 alone, those before version 2 alone.",
    mend="use @aws-sdk/client-*, or put aws-sdk into dependencies",
    check=check,
    node=True,
    sources=(
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html",
    ),
    seeds="000, 002",
    silent="the package, a bundler or a layer may have it. That boto3 is the runtime's is only possible trouble",
)
