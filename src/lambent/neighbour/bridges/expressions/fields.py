"""Where in a state an expression stands, as AWS names it: `Output/total`, `Choices[1]/Condition`, `Catch[0]/Assign/x`.

Source: https://github.com/floci-io/floci/issues/2665 (measured at AWS).
"""

from collections.abc import Iterator, Mapping
from typing import Any

OPEN, CLOSE = "{%", "%}"
INNER = frozenset({"States", "ItemProcessor", "Iterator", "Branches"})
"""Members of a state that hold other states."""


def expression_in(text: Any) -> str | None:
    """What stands between the marks of an expression; None for any other value."""
    if isinstance(text, str) and text.startswith(OPEN) and text.endswith(CLOSE):
        return text.removeprefix(OPEN).removesuffix(CLOSE).strip()
    return None


def states_of(machine: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every state of a definition, those in branches and maps too: its name, where it stands (`/States/A`), itself."""
    states = machine.get("States")
    for name, state in states.items() if isinstance(states, Mapping) else ():
        if not isinstance(state, Mapping):
            continue
        here = f"{path}/States/{name}"
        yield name, here, state
        for member in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(member), Mapping):
                yield from states_of(state[member], f"{here}/{member}")
        branches = state.get("Branches")
        for at, branch in enumerate(branches if isinstance(branches, list) else ()):
            if isinstance(branch, Mapping):
                yield from states_of(branch, f"{here}/Branches[{at}]")


def expressions_of(state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The expressions of one state, each with the name of its field."""
    for member, value in state.items():
        if member not in INNER:
            yield from _expressions(value, member)


def _expressions(value: Any, field: str) -> Iterator[tuple[str, str]]:
    expression = expression_in(value)
    if expression is not None:
        yield field, expression
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _expressions(one, f"{field}/{name}")
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _expressions(one, f"{field}[{at}]")


def field_of(machine: Mapping[str, Any], state: str, expression: str) -> str:
    """The field of a state in which an expression stands first; "" for one that is not there."""
    found = (
        field
        for name, _, one in states_of(machine)
        if name == state
        for field, text in expressions_of(one)
        if text == expression
    )
    return next(found, "")
