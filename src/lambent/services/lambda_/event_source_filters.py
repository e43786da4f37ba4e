"""FilterCriteria: which patterns an event source mapping accepts.

A pattern is a JSON object as deep as one likes whose leaves are lists of what a value may be. Source: developer
guide, "Control which events Lambda sends to your function" (invocation-eventfiltering).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from lambent.services.lambda_ import faults

FILTERS_MAX = 10
"""Of one mapping: five, and ten for accounts that asked for more. Source: developer guide, as above."""


def filters_of(criteria: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """The filters that were sent, checked. Raises Fault."""
    filters = [{"Pattern": one["Pattern"]} for one in (criteria or {}).get("Filters") or [] if "Pattern" in one]
    if len(filters) > FILTERS_MAX:
        # Wording of our own.
        raise faults.invalid(f"An event source mapping can have at most {FILTERS_MAX} filters.")
    if not all(_is_pattern(one["Pattern"]) for one in filters):
        raise faults.invalid("Invalid filter pattern definition.")
    return filters


def _is_pattern(text: str) -> bool:
    try:
        return _is_node(orjson.loads(text))
    except orjson.JSONDecodeError:
        return False


def _is_node(node: Any) -> bool:
    """An object whose members are nodes, lists of rules, or alternatives under `$or`."""
    if not isinstance(node, dict) or not node:
        return False
    return all(_is_or(value) if key == "$or" else _is_member(value) for key, value in node.items())


def _is_member(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_rule, value))
    return _is_node(value)


def _is_or(value: Any) -> bool:
    return isinstance(value, list) and len(value) > 1 and all(map(_is_node, value))


def _is_rule(rule: Any) -> bool:
    """A text, number, boolean or null to be met, or an object with one operator."""
    if rule is None or isinstance(rule, str | int | float):
        return True
    if not isinstance(rule, dict) or len(rule) != 1:
        return False
    operator, operand = next(iter(rule.items()))
    check = OPERATORS.get(operator)
    return check is not None and check(operand)


def _is_text(operand: Any) -> bool:
    return isinstance(operand, str)


def _is_number(operand: Any) -> bool:
    return isinstance(operand, int | float) and not isinstance(operand, bool)


def _is_anything_but(operand: Any) -> bool:
    """A value, a list of values, or an object with a prefix or the like."""
    if isinstance(operand, dict):
        return len(operand) == 1 and _is_rule(operand)
    values = operand if isinstance(operand, list) else [operand]
    return bool(values) and all(isinstance(value, str) or _is_number(value) for value in values)


def _is_numeric(operand: Any) -> bool:
    """One comparison, or two that make a range: `[">", 1, "<=", 5]`."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        return False
    signs, numbers = operand[::2], operand[1::2]
    allowed = {"=", "<", "<=", ">", ">="} if len(operand) == 2 else {"<", "<=", ">", ">="}
    return all(sign in allowed for sign in signs) and all(map(_is_number, numbers))


OPERATORS = {
    "prefix": lambda operand: _is_text(operand) or (isinstance(operand, dict) and _is_rule(operand)),
    "suffix": lambda operand: _is_text(operand) or (isinstance(operand, dict) and _is_rule(operand)),
    "equals-ignore-case": _is_text,
    "exists": lambda operand: isinstance(operand, bool),
    "anything-but": _is_anything_but,
    "numeric": _is_numeric,
}
"""Operator -> whether an operand is one of its."""
