"""Everything is logged."""

import ast
import re
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Function, Place, Project
from lambent.pitfalls.facts.python import FUNCTIONS, Module, above, chain
from lambent.pitfalls.facts.sdk import keyword
from lambent.pitfalls.finding import Hit, Rule

_NAME = re.compile(r"^(POWERTOOLS_)?LOG_?LEVEL$", re.I)
_DEBUG = {"debug", "trace", "all", "silly"}


def check(project: Project) -> Iterator[Hit]:
    """DEBUG as a level: in the environment, in LoggingConfig, in the code."""
    for function in project.functions:
        yield from _configured(function)
        for module, node in _calls(function):
            if _sets_debug(node, module) and not _on_demand(node, module):
                yield Hit(module.place(node), "it logs at DEBUG, in production as well", function)


def _configured(function: Function) -> Iterator[Hit]:
    variables = function.environment
    for name, value in variables.items():
        if _NAME.match(name) and isinstance(value, str) and value.lower() in _DEBUG:
            place = Place(function.fact("Environment").place.path, *variables.at[name])
            yield Hit(place, f"{name} is {value}", function)
    level = function.fact("LoggingConfig", "ApplicationLogLevel")
    if isinstance(level.value, str) and level.value.lower() in _DEBUG:
        yield Hit(level, f"the application's log level is {level.value}", function)


def _calls(function: Function) -> Iterator[tuple[Module, ast.Call]]:
    """Calls at import and in what the handler reaches."""
    for module, statement in function.code.at_import if function.code is not None else ():
        yield from ((module, node) for node in ast.walk(statement) if isinstance(node, ast.Call))
    for one in reached(function):
        yield from ((one.module, node) for node in one.nodes if isinstance(node, ast.Call))


def _sets_debug(node: ast.Call, module: Module) -> bool:
    name = module.dotted(node.func) or chain(node.func)
    if name.endswith(".setLevel"):
        return bool(node.args) and _is_debug(node.args[0], module)
    if name == "logging.basicConfig":
        level = keyword(node, "level")
        return level is not None and _is_debug(level, module)
    return name == "boto3.set_stream_logger"


def _on_demand(node: ast.AST, module: Module) -> bool:
    """Whether something decides it: `if os.getenv("LOG_LEVEL") == "DEBUG":`."""
    return any(isinstance(part, ast.If) for part in above(node, module.parents, FUNCTIONS))


def _is_debug(node: ast.expr, module: Module) -> bool:
    return module.dotted(node) == "logging.DEBUG" or (isinstance(node, ast.Constant) and node.value in ("DEBUG", 10))


RULE = Rule(
    code="CST005",
    title="The log level is DEBUG",
    level="info",
    reliability="likely",
    production="$0.50 per GB: the SDK's debug lines alone are some 20 KB a call, a million invocations with five calls"
    " are $50, more than the function costs.",
    mend="INFO as a default, DEBUG for a time by a parameter",
    check=check,
    sources=("https://aws.amazon.com/cloudwatch/pricing/",),
    seeds="000, 002",
    silent="the level is a parameter or comes from the environment",
)
