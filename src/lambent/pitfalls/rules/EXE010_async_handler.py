"""A handler that returns a coroutine."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Place, Project
from lambent.pitfalls.facts.python import Reached
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Python handlers that are `async def`."""
    for function in project.functions:
        handler = function.code.handler if function.code is not None else None
        if handler is not None and isinstance(handler.node, ast.AsyncFunctionDef) and not handler.node.decorator_list:
            yield Hit(_head(handler), "the runtime calls it and gets a coroutine", function)


def _head(handler: Reached) -> Place:
    place = handler.place(handler.node)
    return Place(place.path, place.line, place.line)


RULE = Rule(
    code="EXE010",
    title="The handler is an async function",
    level="error",
    reliability="certain",
    production="Lambda's Python runtime does not await: every invocation fails with Runtime.MarshalError, and nothing ran.",
    mend="make it a plain function that calls asyncio.run(...)",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html",),
    seeds="002",
    elsewhere="SonarQube S7614.",
)
