"""Read-only places."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, fold
from lambent.pitfalls.facts.sdk import keyword
from lambent.pitfalls.facts.tree import Text
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Files opened for writing at a path that is certainly not under /tmp, /mnt, /dev or /proc."""
    for function in project.functions:
        for one in reached(function):
            for node in one.nodes:
                if isinstance(node, ast.Call) and one.module.dotted(node.func) in ("open", "io.open") and node.args:
                    path = _written(node, one)
                    if path:
                        yield Hit(one.place(node), f"{path} can't be written: only /tmp can", function)


def _written(node: ast.Call, one: Reached) -> str | None:
    mode = fold(node.args[1] if len(node.args) > 1 else keyword(node, "mode"), one.module, one)
    path = fold(node.args[0], one.module, one)
    if not isinstance(mode, str) or not set(mode) & set("wax+"):
        return None
    if isinstance(path, Text) and isinstance(path.parts[0], str):
        start = path.parts[0]
        return f"{start}..." if start.startswith(("/var/", "/home/", "/opt/", "./")) else None
    if isinstance(path, str) and not path.startswith(("/tmp", "/mnt", "/dev", "/proc")):
        return path
    return None


RULE = Rule(
    code="EXE018",
    title="A file is written where nothing can be written",
    level="error",
    reliability="certain",
    production="OSError: Read-only file system. On a laptop it worked.",
    mend="write under /tmp",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",),
    seeds="002",
)
