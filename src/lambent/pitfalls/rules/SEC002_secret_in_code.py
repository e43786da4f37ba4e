"""Secrets in code."""

import ast
import re
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.finding import Hit, Rule

TOKENS = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_\w{30,}|xox[abp]-\d[\w-]{10,}|sk_live_\w{10,}|AIza[\w-]{35}|-----BEGIN [A-Z ]*PRIVATE KEY"
)
NAME = re.compile(r"(password|passwd|secret_key|api_?key|auth_token|access_token|private_key)$", re.I)
PLACE = re.compile(
    r"^\W*$|example|changeme|your|<|xxx|test|dummy|fake|placeholder|password|secret|\s|\{|/|^[A-Z_]+$", re.I
)

_BESIDE = ("host", "hostname", "user", "username", "server", "database")


def check(project: Project) -> Iterator[Hit]:
    """Literals with the form of a key, and long literals assigned to a secret's name."""
    for function in project.functions:
        for module in function.code.loaded if function.code is not None else ():
            for node in module.nodes:
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and TOKENS.search(node.value):
                    if "EXAMPLE" not in node.value:
                        yield Hit(module.place(node), "a key stands in the code", function, reliability="certain")
                elif isinstance(node, ast.Assign) and _assigned(node):
                    yield Hit(module.place(node), "a secret stands in the code", function)
                elif isinstance(node, ast.Dict):
                    yield from (
                        Hit(module.place(one), "a secret stands in the code", function) for one in _options(node)
                    )


def _assigned(node: ast.Assign) -> bool:
    value = node.value
    if not (isinstance(value, ast.Constant) and isinstance(value.value, str)):
        return False
    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    return any(NAME.search(name) for name in names) and len(value.value) >= 8 and not PLACE.search(value.value)


def _options(node: ast.Dict) -> list[ast.expr]:
    """The secrets among the options of a connection: where a host or a user stands beside."""
    keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
    if not any(isinstance(one, str) and one.lower() in _BESIDE for one in keys):
        return []
    pairs = zip(keys, node.values, strict=True)
    return [
        value for key, value in pairs
        if isinstance(key, str) and NAME.search(key) and isinstance(value, ast.Constant) and isinstance(value.value, str)
        and len(value.value) >= 8 and not PLACE.search(value.value)
    ]  # fmt: skip


RULE = Rule(
    code="SEC002",
    title="A secret in the code",
    level="error",
    reliability="likely",
    production="Everybody with the repository or with lambda:GetFunction has it, for as long as its history.",
    mend="revoke it, and read it from Secrets Manager",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html",),
    seeds="004",
)
