"""A secret kept too long."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts import sdk
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Module, Reached, chain
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Secrets read at import, and kept in a global without an age."""
    for function in project.functions:
        for module, statement in function.code.at_import if function.code is not None else ():
            for node in ast.walk(statement):
                if isinstance(node, ast.Call) and _reads(node, module):
                    yield Hit(module.place(node), "the secret is read once in the life of an environment", function)


def _reads(node: ast.Call, module: Module) -> bool:
    if isinstance(node.func, ast.Attribute) and node.func.attr == "get_secret_value":
        client = sdk.held(node.func.value, module, None)
        return client is not None and client.service == "secretsmanager"
    target = module.package.resolve(module, chain(node.func)) if chain(node.func) else None
    runs = (ast.FunctionDef, ast.AsyncFunctionDef) if module.package.eager else ast.FunctionDef
    if target is None or not isinstance(target[1], runs):
        return False
    return any(
        isinstance(inner, ast.Attribute) and inner.attr == "get_secret_value"
        for inner in Reached(target[0], target[1]).nodes
    )


RULE = Rule(
    code="SEC004",
    title="A cached secret is never refreshed",
    level="warning",
    reliability="certain",
    production="After a rotation warm environments go on with the old secret for hours: every login fails until they are"
    " recycled.",
    mend="keep it with an age (Powertools: parameters.get_secret(name, max_age=300)), and read it anew when a login fails",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html",),
    seeds="001, 004",
    elsewhere="The sample of a seed keeps it for ever.",
)
