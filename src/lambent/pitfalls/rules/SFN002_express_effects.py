"""Work done twice by an express workflow."""

from collections.abc import Iterator

from lambent.pitfalls import effects, machines
from lambent.pitfalls.facts.project import Function, Project
from lambent.pitfalls.finding import Hit, Rule
from lambent.pitfalls.machines import State


def check(project: Project) -> Iterator[Hit]:
    """Express machines whose functions send or add."""
    for state in machines.states(project):
        if state.machine.properties.get("StateMachineType", state.machine.properties.get("Type")) == "EXPRESS":
            function = _function(state)
            if function is not None and not effects.guarded(function):
                for call in effects.calls(function):
                    if effects.again(call):
                        yield Hit(call.place, f"{call.service}.{call.operation} in an express workflow", function)


def _function(state: State) -> Function | None:
    return state.stack.function(state.body.get("Resource"))[0]


RULE = Rule(
    code="SFN002",
    title="An express workflow around what may not be repeated",
    level="warning",
    reliability="likely",
    production="Express executions run at least once: now and then twice, with their effects.",
    mend="use a standard workflow, or guard the effect",
    check=check,
    node=True,
    sources=("https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html",),
    seeds="002",
)
