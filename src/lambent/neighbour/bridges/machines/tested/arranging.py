"""A state by itself as a machine of moto's interpreter: what may follow are states that do nothing, by which one sees
where it would go on; what is mocked is a task without a service.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambent.neighbour.bridges.expressions.fields import states_of

MARK = "="
"""Before the names of states that are not the user's."""
BEFORE, AFTER = f"{MARK}before", f"{MARK}after"
NOBODY = "arn:aws:lambda:us-east-1:000000000000:function:mocked"
MOCKED = ("Task", "Map", "Parallel")
TAKES = (
    *("Comment", "QueryLanguage", "InputPath", "OutputPath", "ResultPath", "ResultSelector", "Output", "Assign"),
    *("Catch", "Next", "End"),
)
"""Members of a state that a mocked one keeps."""
WAITED = (".sync", ".sync:2", ".waitForTaskToken")


class Refused(Exception):
    """Says why a state is not tried."""


@dataclass(frozen=True, slots=True)
class Arranged:
    """`definition` is JSON; `targets` are the states that it may go on with, by the names that they have there."""

    definition: str
    targets: Mapping[str, str] = field(default_factory=dict)


def found(definition: Any, name: str | None) -> tuple[str, dict[str, Any], str]:
    """The state that is meant, its name, and the language of its expressions. Raises Refused."""
    if not isinstance(definition, dict):
        raise Refused("The definition is no state.")
    if name is None:
        return "State", definition, definition.get("QueryLanguage") or "JSONPath"
    state = next((one for own, _, one in states_of(definition) if own == name), None)
    if state is None:
        raise Refused(f"State '{name}' not found in the definition.")
    language = state.get("QueryLanguage") or definition.get("QueryLanguage") or "JSONPath"
    return name, dict(state), language


def needs_mock(state: Mapping[str, Any]) -> bool:
    """Whether a state is tried with a mock alone."""
    resource = str(state.get("Resource") or "")
    return state.get("Type") in ("Map", "Parallel") or ":activity:" in resource or resource.endswith(WAITED)


def arranged(
    name: str, state: Mapping[str, Any], language: str, variables: Mapping[str, Any], *, mocked: bool
) -> Arranged:
    """The machine of a state."""
    own: dict[str, Any] = {key: value for key, value in state.items() if key != "Retry"}
    if mocked:
        own = {key: value for key, value in own.items() if key in TAKES} | {"Type": "Task", "Resource": NOBODY}
    targets: dict[str, str] = {}
    if "Next" in own:
        own["Next"] = _target(targets, own["Next"], AFTER)
    if "Default" in own:
        own["Default"] = _target(targets, own["Default"], f"{MARK}default")
    for member in ("Choices", "Catch"):
        if isinstance(own.get(member), list):
            own[member] = [_aside(targets, one, f"{MARK}{member}{at}") for at, one in enumerate(own[member])]
    states: dict[str, Any] = {one: {"Type": "Pass", "End": True} for one in targets}
    states[name] = own
    if variables:
        states[BEFORE] = {"Type": "Pass", "Assign": dict(variables), "Next": name}
    whole = {"QueryLanguage": language, "StartAt": BEFORE if variables else name, "States": states}
    return Arranged(json.dumps(whole), targets)


def _target(targets: dict[str, str], name: Any, stands: str) -> str:
    targets[stands] = str(name)
    return stands


def _aside(targets: dict[str, str], one: Any, stands: str) -> Any:
    if not isinstance(one, Mapping) or "Next" not in one:
        return one
    return {**one, "Next": _target(targets, one["Next"], stands)}
