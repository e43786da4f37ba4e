"""An error that looks like a success."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached
from lambent.pitfalls.finding import Hit, Rule

WORDS = ("FunctionError", "errorMessage", "errorType")


def check(project: Project) -> Iterator[Hit]:
    """Synchronous invokes whose FunctionError nobody looks at."""
    for function in project.functions:
        for call in effects.calling(function, "lambda", "invoke"):
            kind = call.fold("InvocationType")
            if not call.open and kind in (None, "RequestResponse") and not _looks(call.where):
                yield Hit(
                    call.place, "an error of the other function arrives with status 200, in FunctionError", function
                )


def _looks(one: Reached) -> bool:
    """Whether the package asks for it anywhere: what is returned is looked at by others."""
    return any(
        (node.value if isinstance(node, ast.Constant) else node.attr) in WORDS
        for module in one.module.package.loaded
        for node in module.nodes
        if isinstance(node, ast.Constant | ast.Attribute)
    )


RULE = Rule(
    code="ASY011",
    title="FunctionError is not looked at",
    level="warning",
    reliability="certain",
    production="invoke answers 200 when the function raised: the caller goes on with an error's text as its result.",
    mend="raise when the answer has FunctionError",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/invocation-sync.html",),
    seeds="002",
)
