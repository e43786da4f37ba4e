"""A package for nothing."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """boto3 and aioboto3 in one function."""
    for function in project.functions:
        if function.code is None or not {"boto3", "aioboto3"} <= function.code.imported:
            continue
        for module in function.code.loaded:
            for node in module.tree.body:
                if isinstance(node, ast.Import) and any(alias.name == "aioboto3" for alias in node.names):
                    yield Hit(module.place(node), "aioboto3 is imported beside boto3", function)


RULE = Rule(
    code="EXE017",
    title="A second SDK on the cold path",
    level="info",
    reliability="likely",
    production="aioboto3 adds 200 ms and more to every cold start, which is billed since August 2025.",
    mend="threads with boto3 do the same, or import it where it is used",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/best-practices.html",),
    seeds="000, 002",
    elsewhere="ruff PLC0415 forbids imports inside functions: switch it off for handlers.",
)
