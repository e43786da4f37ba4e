"""A request that is made again."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.facts.sdk import SdkCall
from lambent.pitfalls.facts.wiring import DOORS
from lambent.pitfalls.finding import Hit, Rule


def check(project: Project) -> Iterator[Hit]:
    """Routes that change something by an effect or a new key each time, and read no idempotency key."""
    for function in project.functions:
        if _changes(function) and not effects.guarded(function) and not _keyed(function):
            for call in effects.calls(function):
                if effects.again(call) or _new_item(call):
                    yield Hit(call.place, "a client that asks again does it again", function)


def _changes(function: Function) -> bool:
    methods = {
        str(one.settings.get("Method", one.settings.get("HttpMethod", ""))).lower()
        for one in function.driven_by(*DOORS)
    }
    return bool(methods & {"post", "put", "patch", "any"})


def _keyed(function: Function) -> bool:
    words = (node for module in function.code.loaded for node in module.nodes if isinstance(node, ast.Constant))
    return any(isinstance(one.value, str) and "idempoten" in one.value.lower() for one in words)


def _new_item(call: SdkCall) -> bool:
    """Whether an item is put under a key that was made for it."""
    item = call.arguments.get("Item") if call.operation in ("put_item", "put") else None
    value = call.where.locals.get(item.id, item) if isinstance(item, ast.Name) else item
    calls = (inner for inner in ast.walk(value) if isinstance(inner, ast.Call)) if value is not None else ()
    return any(call.where.module.dotted(one.func).rpartition(".")[2] in ("uuid4", "uuid1", "v4", "v1") for one in calls)


RULE = Rule(
    code="ASY010",
    title="A request that is made again is done again",
    level="info",
    reliability="possible",
    production="The client has a 504 (or nothing) and asks again, while the first request was done: two orders.",
    mend="take an Idempotency-Key of the client's, and guard with it (Powertools' idempotency)",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/",),
    seeds="001",
    silent="a key is read, or something guards. What is done twice is found by torture: it is only possible",
)
