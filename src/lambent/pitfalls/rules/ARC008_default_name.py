"""A default that hides what is missing."""

import ast
import re
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import FUNCTIONS, Env, Module, above, fold, walk
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.finding import Hit, Rule

NAMES = ("BUCKET", "TABLE", "QUEUE", "TOPIC", "STREAM", "DB_NAME", "DATABASE", "SECRET", "STATE_MACHINE", "ENDPOINT")
NOT = ("REGION", "PREFIX", "KEY_PREFIX", "LOG", "TIMEOUT", "SIZE", "ENDPOINT_URL", "_URL_EXPIRY")


PLATFORMS = re.compile(
    r"^(AWS_|_|LAMBDA_|PYTHON|NODE_|POWERTOOLS_|OTEL_|DD_|SENTRY_|npm_)|^(TZ|PATH|LANG|HOME|PWD|LD_LIBRARY_PATH|CI|DEBUG|STAGE|ENV)$"
)
"""Variables that Lambda, its runtimes and libraries set, or do without."""
OPTIONAL = ("endpoint", "region", "credentials", "accessKeyId", "secretAccessKey", "logger", "profile", "maxAttempts")
"""Options of a client of JavaScript's, which has its own way where they are undefined."""


def check(project: Project) -> Iterator[Hit]:
    """os.environ.get of a resource's name with a plausible default; os.environ[...] of what the template does not set."""
    for function in project.functions:
        if _all_known(function):
            yield from _unset(function)
        for module in function.code.loaded if function.code is not None else ():
            for node in module.nodes:
                if isinstance(node, ast.Call):
                    value = fold(node, module)
                    if isinstance(value, Env) and _names_resource(value) and not _declared(function, value.name):
                        yield Hit(module.place(node), f"without {value.name} it goes to {value.default!r}", function)


def _names_resource(value: Env) -> bool:
    name = value.name.upper()
    default = value.default
    fits = any(word in name for word in NAMES) and not any(word in name for word in NOT)
    return fits and isinstance(default, str) and len(default) > 2 and not default.isdigit()


def _declared(function: Function, name: str) -> bool:
    """Whether the template sets it, so that the default is not used."""
    return name in function.environment


def _all_known(function: Function) -> bool:
    """Whether the template says all variables that there are."""
    fact = function.fact("Environment", "Variables")
    extra = function.resource.extra
    elsewhere = any(name in extra for name in ("dotenv", "folders")) or extra.get("framework") == "chalice"
    return (
        function.listed and function.code is not None and not elsewhere and (fact.absent or isinstance(fact.value, Map))
    )


def _unset(function: Function) -> Iterator[Hit]:
    """Variables that are asked for at the start or by the handler, without anything for when they are not there."""
    places = [(module, node) for module, statement in function.code.at_import for node in walk(statement)]
    places += [(one.module, node) for one in function.code.reached for node in one.nodes]
    for module, node in places:
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and module.dotted(node.value) == "os.environ"
        ):
            name = node.slice.value if isinstance(node.slice, ast.Constant) else None
            if isinstance(name, str) and not PLATFORMS.search(name) and name not in function.environment:
                if not _asked(node, module, name) and not (
                    function.code is function.node and _of_another(function, name)
                ):
                    text = f"the template does not set {name}"
                    yield Hit(module.place(node), text, function, level="error", reliability="likely")


def _of_another(function: Function, name: str) -> bool:
    """Whether another function of the stack has it: JavaScript that both load goes on without, as long as it is not used."""
    return any(name in other.environment for other in function.stack.functions)


def _asked(node: ast.AST, module: Module, name: str) -> bool:
    """Whether the code does without it: a test, a default, a `try`; or it sets it itself."""
    option = module.parents.get(node)
    named = option.arg if isinstance(option, ast.keyword) else ""
    if named in OPTIONAL and not module.path.endswith(".py"):
        return True
    tests = ast.If | ast.IfExp | ast.BoolOp | ast.Compare | ast.Try | ast.UnaryOp
    if any(isinstance(part, tests) for part in above(node, module.parents, FUNCTIONS)):
        return True
    return any(
        isinstance(one, ast.Subscript) and isinstance(one.ctx, ast.Store) and name in ast.dump(one.slice)
        for one in module.nodes
    )


RULE = Rule(
    code="ARC008",
    title="A variable is not set, or hides that it is not by a default",
    level="warning",
    reliability="certain",
    production="When the variable is missing the function does not fail: it reads or writes another environment's bucket or"
    " table, or fails far from the cause.",
    mend='os.environ["..."], which fails at the start; or take the name from the event',
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",),
    seeds="002",
    silent="the template sets the variable, or the code does without it",
)
