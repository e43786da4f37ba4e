"""Warm by a clock."""

import ast
import re
from collections.abc import Iterator

from lambent.pitfalls.batches import reached
from lambent.pitfalls.facts.project import Place, Project
from lambent.pitfalls.facts.tree import Map
from lambent.pitfalls.finding import Hit, Rule

WORDS = re.compile(r"warm|keep.?alive|serverless-plugin-warmup", re.I)
RATE = re.compile(r"rate\((\d+) minutes?\)")


def check(project: Project) -> Iterator[Hit]:
    """A schedule of up to 15 minutes on a function that leaves early for a warming event."""
    yield from _plugins(project)
    for function in project.functions:
        for trigger in function.driven_by("rule-schedule", "scheduler"):
            schedule = str(trigger.settings.get("Schedule", trigger.settings.get("ScheduleExpression", "")))
            rate = RATE.match(schedule)
            spoken = any(WORDS.search(str(trigger.settings.get(key, ""))) for key in ("Description", "Name", "Input"))
            if rate and int(rate[1]) <= 15 and (spoken or _leaves(function) or WORDS.search(trigger.resource.id)):
                yield Hit(
                    trigger.place,
                    f"{schedule} keeps one environment warm, not the second",
                    function,
                    trigger.resource.id,
                )


def _plugins(project: Project) -> Iterator[Hit]:
    """serverless-plugin-warmup, unless it is off."""
    for stack in project.stacks:
        given = stack.shared.get("warmup")
        if isinstance(given, Map) and given.get("enabled") is not False and stack.functions:
            place = Place(stack.path, *stack.shared.at["warmup"])
            yield Hit(place, "the plugin keeps as many environments warm as it calls, not one more", stack.functions[0])


def _leaves(function: object) -> bool:
    """Whether the code tests for a warming event."""
    handlers = [one for one in reached(function) if one is one.module.package.handler]  # type: ignore[arg-type]
    return any(
        isinstance(node, ast.If)
        and WORDS.search(ast.dump(node.test))
        and any(isinstance(inner, ast.Return) for inner in node.body)
        for one in handlers
        for node in one.nodes
    )


RULE = Rule(
    code="EXE015",
    title="A schedule that keeps the function warm",
    level="info",
    reliability="certain",
    production="It keeps one environment: the second request at the same time starts cold all the same, as does the first"
    " after a deployment.",
    mend="provisioned concurrency for what is worth it, SnapStart, or a lighter start",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html",),
    seeds="001, 002",
)
