"""Right only when one invocation has the environment."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import Reached, fold, walk
from lambent.pitfalls.facts.tree import Text
from lambent.pitfalls.finding import Hit, Rule

_LISTERS = ("glob.glob", "glob.iglob", "os.listdir", "os.scandir")
_REMOVERS = ("os.remove", "os.unlink", "shutil.rmtree")


def check(project: Project) -> Iterator[Hit]:
    """Wiping /tmp for all; with a capacity provider, which runs several at once, that is certain to hurt."""
    for function in project.functions:
        shared = not function.fact("CapacityProviderConfig").absent and function.listed
        for one in reached(function):
            for node in one.nodes:
                if _wipes(node, one):
                    text = "it removes what another invocation has in /tmp"
                    yield Hit(one.place(node), text, function, **_weight(shared))  # type: ignore[arg-type]
                elif shared and (name := _kept(node, one)):
                    yield Hit(one.place(node), f"{name} is one for all that run at once", function, **_weight(True))  # type: ignore[arg-type]


def _weight(shared: bool) -> dict[str, str]:
    return {"level": "error", "reliability": "certain"} if shared else {}


def _wipes(node: ast.AST, one: Reached) -> bool:
    if isinstance(node, ast.Call) and one.module.dotted(node.func) == "shutil.rmtree":
        return _all_of_tmp(node, one)
    if isinstance(node, ast.For) and isinstance(node.iter, ast.Call) and one.module.dotted(node.iter.func) in _LISTERS:
        removed = (inner for statement in node.body for inner in walk(statement) if isinstance(inner, ast.Call))
        return _in_tmp(node.iter, one) and any(one.module.dotted(inner.func) in _REMOVERS for inner in removed)
    return False


def _in_tmp(call: ast.Call, one: Reached) -> bool:
    value = fold(call.args[0], one.module, one) if call.args else None
    first = value.parts[0] if isinstance(value, Text) else value
    return isinstance(first, str) and (first + "/").startswith("/tmp/")


def _all_of_tmp(call: ast.Call, one: Reached) -> bool:
    value = fold(call.args[0], one.module, one) if call.args else None
    return isinstance(value, str) and value.rstrip("/") == "/tmp"


def _kept(node: ast.AST, one: Reached) -> str | None:
    """A global that is bound to something of the event."""
    if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
        return None
    name = node.targets[0].id
    declared = {each for inner in one.nodes if isinstance(inner, ast.Global) for each in inner.names}
    parameters = {arg.arg for arg in one.node.args.args}
    used = {inner.id for inner in walk(node.value) if isinstance(inner, ast.Name)}
    return name if name in declared and used & parameters else None


RULE = Rule(
    code="EXE014",
    title="Code that needs the environment for itself",
    level="info",
    reliability="possible",
    production="With managed instances several invocations share an environment: one removes the files of the other, or"
    " answers with its data.",
    mend="a folder of its own for each invocation (tempfile.TemporaryDirectory), nothing of the event in globals",
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances.html",),
    seeds="001, 002",
    elsewhere="A seed advises to remove /tmp/work-* at the start of each invocation.",
    silent="it is certain where a capacity provider is set, and only possible elsewhere: there one runs at a time",
)
