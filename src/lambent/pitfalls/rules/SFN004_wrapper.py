"""A function around one call."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects, machines
from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import chain
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.finding import Hit, Rule

LOCAL = {"generate_presigned_url", "generate_presigned_post", "upload_file", "download_file", "upload_fileobj",
         "download_fileobj", "batch_writer", "copy"}  # fmt: skip
_WORK = (ast.For, ast.While, ast.If, ast.With, ast.ListComp, ast.DictComp, ast.IfExp, ast.AugAssign)
_SAYING = (
    "print",
    "json.dumps",
    "json.loads",
    "str",
    "int",
    "logger",
    "logging",
    "console",
    "log",
    "os.getenv",
    "os.environ",
)


def check(project: Project) -> Iterator[Hit]:
    """Functions that only a state machine calls, and that do nothing but one call of the SDK."""
    tasks = {id(function): state for state in machines.states(project) if (function := machines.function(state))}
    for function in project.functions:
        if id(function) in tasks and not function.triggers:
            call = _only_call(function)
            if call is not None:
                text = f"all it does is {call.service}.{call.operation}, for the task {tasks[id(function)].name}"
                yield Hit(call.place, text, function)


def _only_call(function: Function) -> SdkCall | None:
    made, found = effects.calls(function), reached(function)
    if len(made) != 1 or made[0].operation in LOCAL or made[0].paginated:
        return None
    helpers = {getattr(one.node, "name", "") for one in found[1:]}
    for one in found:
        for node in one.nodes:
            if (
                isinstance(node, _WORK)
                or (isinstance(node, ast.Try) and not _passes_on(node))
                or _does(node, made[0], helpers, function)
            ):
                return None
    return made[0]


def _passes_on(tried: ast.Try) -> bool:
    """Whether every error that it catches is raised again."""
    return bool(tried.handlers) and all(isinstance(one.body[-1], ast.Raise) for one in tried.handlers)


def _does(node: ast.AST, made: SdkCall, helpers: set[str], function: Function) -> bool:
    """Whether a node calls anything but the SDK's operation, a helper of its own and what only says something."""
    if not isinstance(node, ast.Call) or node is made.node:
        return False
    return chain(node.func) not in helpers and not _says(node, function)


def _says(node: ast.Call, function: Function) -> bool:
    """Whether a call only logs, or reads the event."""
    module = function.code.handler_module
    name = module.dotted(node.func)
    reads = isinstance(node.func, ast.Attribute) and node.func.attr in (
        "get",
        "client",
        "resource",
        "Table",
        "isoformat",
    )
    return reads or name.partition(".")[0] in _SAYING or name in _SAYING


RULE = Rule(
    code="SFN004",
    title="A function around a call that the state machine can make itself",
    level="info",
    reliability="likely",
    production="A cold start, a deployment and a runtime to keep up to date, for one call; billed while it waits for the"
    " answer.",
    mend="a task with arn:aws:states:::aws-sdk:SERVICE:OPERATION, shaped by Parameters and ResultSelector",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html",),
    seeds="002",
    silent="it computes, decides or calls anything else, or something other than a state machine drives it",
)
