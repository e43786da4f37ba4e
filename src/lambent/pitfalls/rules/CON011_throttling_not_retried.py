"""Callers that give up at a 429."""

import ast
from collections.abc import Iterator

from lambent.pitfalls import effects, machines
from lambent.pitfalls.facts.project import Project
from lambent.pitfalls.facts.python import fold, walk
from lambent.pitfalls.facts.sdk import SdkCall, keyword
from lambent.pitfalls.facts.tree import Map, Seq, Unknown
from lambent.pitfalls.finding import Hit, Rule

COVERING = {"Lambda.TooManyRequestsException", "States.ALL", "States.TaskFailed"}


def check(project: Project) -> Iterator[Hit]:
    """Tasks whose Retry leaves throttling out; clients of Lambda whose retries are switched off."""
    for state in machines.states(project):
        errors = _retried(state.body.get("Retry"))
        if errors and machines.is_lambda(state) and not errors & COVERING:
            yield Hit(
                state.place,
                f"the Retry of {state.name} leaves Lambda.TooManyRequestsException out",
                None,
                state.machine.id,
            )
    for function in project.functions:
        for call in effects.calling(function, "lambda", "invoke"):
            if _switched_off(call):
                yield Hit(call.place, "its client does not try again when Lambda throttles", function)


def _retried(retry: object) -> set[str]:
    """The errors that are retried; none when they can't all be read."""
    if not isinstance(retry, Seq) or any(isinstance(one, Unknown) for one in retry):
        return set()
    listed = [one.get("ErrorEquals") for one in retry if isinstance(one, Map)]
    return {error for one in listed if isinstance(one, list) for error in one if isinstance(error, str)}


def _switched_off(call: SdkCall) -> bool:
    """Whether the client was made with `Config(retries={"max_attempts": 0})` or one attempt in total."""
    assert isinstance(call.node.func, ast.Attribute)
    name = call.node.func.value.id if isinstance(call.node.func.value, ast.Name) else ""
    made = call.where.locals.get(name) or call.where.module.constants.get(name)
    config = keyword(made, "config") if isinstance(made, ast.Call) else None
    value = call.where.module.constants.get(config.id) if isinstance(config, ast.Name) else config
    for node in walk(value) if value is not None else ():
        if isinstance(node, ast.Dict):
            for key, number in zip(node.keys, node.values, strict=True):
                setting = (fold(key, call.where.module), fold(number, call.where.module))
                if setting in (("max_attempts", 0), ("total_max_attempts", 1)):
                    return True
    return False


RULE = Rule(
    code="CON011",
    title="Throttling is not tried again",
    level="warning",
    reliability="certain",
    production="A 429 for some milliseconds of a burst ends the caller's work: the execution fails, the request is lost.",
    mend="name Lambda.TooManyRequestsException in Retry as well; leave the client its retries",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html",),
    seeds="002, 004",
    silent="the SDK's own retries are on (they are, unless switched off), or there is no Retry at all: that is SFN003",
)
