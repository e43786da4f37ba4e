"""A default that hides what is missing."""

import ast
from collections.abc import Iterator

from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.python import Env, fold
from lambent.pitfalls.finding import Hit, Rule

NAMES = ("BUCKET", "TABLE", "QUEUE", "TOPIC", "STREAM", "DB_NAME", "DATABASE", "SECRET", "STATE_MACHINE", "ENDPOINT")
NOT = ("REGION", "PREFIX", "KEY_PREFIX", "LOG", "TIMEOUT", "SIZE", "ENDPOINT_URL", "_URL_EXPIRY")


def check(project: Project) -> Iterator[Hit]:
    """os.environ.get of a resource's name with a plausible default."""
    for function in project.functions:
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


RULE = Rule(
    code="ARC008",
    title="A resource's name has a plausible default",
    level="warning",
    reliability="certain",
    production="When the variable is missing the function does not fail: it reads or writes another environment's bucket or"
    " table, or fails far from the cause.",
    mend='os.environ["..."], which fails at the start; or take the name from the event',
    check=check,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",),
    seeds="002",
    silent="the template sets the variable",
)
