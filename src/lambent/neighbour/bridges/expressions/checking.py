"""What AWS refuses of a definition's expressions before it is kept: what does not parse, what reads a name out of
nowhere.

Source: https://github.com/floci-io/floci/issues/2745 and /2670 (measured at AWS); the input is `$states.input`, there
is no context item: https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from lambent.neighbour.bridges.expressions import fields
from lambent.neighbour.bridges.expressions.evaluating import NotParsed, parsed

JSONATA = "JSONata"
INVALID, UNSUPPORTED = "INVALID_JSONATA_EXPRESSION", "UNSUPPORTED_JSONATA_EXPRESSION"
_PARTS = ("expression", "lhs", "rhs", "condition", "then", "_else", "procedure", "body")
_LISTS = ("expressions", "arguments", "terms")
"""Where the package's tree keeps what is evaluated with the same context item as the whole."""


def problem(definition: Mapping[str, Any]) -> str:
    """What AWS says of a definition whose expressions are not good; "" of a good one."""
    whole = definition.get("QueryLanguage")
    for _, path, state in fields.states_of(definition):
        if state.get("QueryLanguage", whole) != JSONATA:
            continue
        for field, expression in fields.expressions_of(state):
            said = _of_expression(expression)
            if said:
                return f"{said} at {path}/{field}"
    return ""


def _of_expression(expression: str) -> str:
    try:
        tree = parsed(expression).ast
    except NotParsed as error:
        return f"{INVALID}: {error}"
    name = next(_names(tree), None)
    return "" if name is None else f"{UNSUPPORTED}: Reference to '{name}' at the top level is not supported."


def _names(node: Any) -> Iterator[str]:
    """The names that are read of a context item where there is none."""
    if node is None or isinstance(node, str | int | float):
        return
    if node.type == "path" and node.steps[0].type == "name":
        yield str(node.steps[0].value)
        return
    for part in _parts(node):
        yield from _names(part)


def _parts(node: Any) -> Iterator[Any]:
    """What of a node is evaluated with its own context item. What a path's later steps and a transformation's parts are
    evaluated with is what comes before them."""
    if node.type == "path":
        yield node.steps[0]
        return
    if node.type == "transform":
        return
    yield from (getattr(node, name, None) for name in _PARTS)
    if node.type != "lambda":  # whose arguments are its parameters
        for name in _LISTS:
            yield from getattr(node, name, None) or ()
    for pair in getattr(node, "lhs_object", None) or ():
        yield from pair
