"""Whether the conditions of a statement are met.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
reference_policies_condition-single-vs-multi-valued-context-keys.html: conditions are joined by AND, the values of one
by OR (of a negated one by NOR); a key that the request lacks meets a negated operator, `IfExists` and `ForAllValues`.
"""

import base64
import binascii
import ipaddress
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lambent.engine.authorisation import patterns
from lambent.engine.authorisation.patterns import Keys

Test = Callable[[str, str, Keys], bool]
"""(what the policy says, what the request has, its keys) -> whether they agree."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key. `quantifier` is "", "forallvalues" or "foranyvalue"."""

    operator: str
    key: str
    values: tuple[str, ...]
    base: str
    quantifier: str = ""
    if_exists: bool = False


def read(operator: str, key: str, values: Sequence[str]) -> Condition | None:
    """One condition as a policy writes it; None for an operator that AWS does not have."""
    quantifier, _, base = patterns.lower(operator).rpartition(":")
    if_exists = base.endswith("ifexists") and base != "ifexists"
    base = base.removesuffix("ifexists")
    if quantifier not in ("", "forallvalues", "foranyvalue") or base not in (*_TESTS, *_NEGATED, "null"):
        return None
    if base == "null" and if_exists:
        return None  # Null with IfExists is none of AWS's
    return Condition(operator, key, tuple(values), base, quantifier, if_exists)


def may_be(base: str, value: str) -> bool:
    """Whether an operator (as `Condition.base`) can compare a value: IAM refuses dates that are none."""
    if patterns.has_variable(value):
        return True
    return not base.startswith("date") or _moment(value) is not None


def is_met(condition: Condition, keys: Keys) -> bool:
    """Whether a request with those keys meets it."""
    found = keys.get(patterns.lower(condition.key))
    if condition.base == "null":
        wants = {value.lower() for value in condition.values}
        return ("true" if found is None or found == () else "false") in wants
    if found is None or found == ():
        return _without(condition)
    actual = found if isinstance(found, tuple) else (found,)
    if condition.quantifier == "forallvalues":
        return all(_agrees(condition, one, keys) for one in actual)
    if condition.quantifier == "" and condition.base in _NEGATED:
        return all(_agrees(condition, one, keys) for one in actual)
    return any(_agrees(condition, one, keys) for one in actual)


def _without(condition: Condition) -> bool:
    """What a condition is when the request does not have its key."""
    if condition.if_exists or condition.quantifier == "forallvalues":
        return True
    return condition.quantifier == "" and condition.base in _NEGATED


def _agrees(condition: Condition, actual: str, keys: Keys) -> bool:
    negated = _NEGATED.get(condition.base)
    test = _TESTS[negated or condition.base]
    return any(test(value, actual, keys) for value in condition.values) is (negated is None)


def _equals(value: str, actual: str, keys: Keys) -> bool:
    return patterns.expanded(value, keys) == actual


def _equals_ignore_case(value: str, actual: str, keys: Keys) -> bool:
    said = patterns.expanded(value, keys)
    return said is not None and said.lower() == actual.lower()


def _numeric(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, actual: str, keys: Keys) -> bool:
        said, has = _number(patterns.expanded(value, keys)), _number(actual)
        return said is not None and has is not None and compare(has, said)

    return test


def _number(text: str | None) -> float | None:
    if text is None or re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?", text) is None:
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _dated(compare: Callable[[float, float], bool]) -> Test:
    def test(value: str, actual: str, keys: Keys) -> bool:
        said, has = _moment(patterns.expanded(value, keys)), _moment(actual)
        return said is not None and has is not None and compare(has, said)

    return test


def _moment(text: str | None) -> float | None:
    """Seconds since 1970 of a W3C date (ISO 8601) or of a number of seconds."""
    number = _number(text)
    if text is None or (number is not None and len(text) != len("2026")):
        return number
    whole = f"{text}-01-01" if len(text) == 4 else f"{text}-01" if len(text) == 7 else text
    try:
        moment = datetime.fromisoformat(whole)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _bool(value: str, actual: str, keys: Keys) -> bool:
    said = patterns.expanded(value, keys)
    return said is not None and said.lower() == actual.lower() and actual.lower() in ("true", "false")


def _binary(value: str, actual: str, _keys: Keys) -> bool:
    try:
        return base64.b64decode(value, validate=True) == base64.b64decode(actual, validate=True)
    except (binascii.Error, ValueError):
        return False


def _ip(value: str, actual: str, keys: Keys) -> bool:
    try:
        network = ipaddress.ip_network(patterns.expanded(value, keys) or "", strict=False)
        return ipaddress.ip_address(actual) in network
    except ValueError:
        return False


def _arn(value: str, actual: str, keys: Keys) -> bool:
    return patterns.arn_fits(value, actual, keys)


_TESTS: dict[str, Test] = {
    "stringequals": _equals,
    "stringequalsignorecase": _equals_ignore_case,
    "stringlike": patterns.fits,
    "numericequals": _numeric(lambda has, said: has == said),
    "numericlessthan": _numeric(lambda has, said: has < said),
    "numericlessthanequals": _numeric(lambda has, said: has <= said),
    "numericgreaterthan": _numeric(lambda has, said: has > said),
    "numericgreaterthanequals": _numeric(lambda has, said: has >= said),
    "dateequals": _dated(lambda has, said: has == said),
    "datelessthan": _dated(lambda has, said: has < said),
    "datelessthanequals": _dated(lambda has, said: has <= said),
    "dategreaterthan": _dated(lambda has, said: has > said),
    "dategreaterthanequals": _dated(lambda has, said: has >= said),
    "bool": _bool,
    "binaryequals": _binary,
    "ipaddress": _ip,
    "arnequals": _arn,
    "arnlike": _arn,
}
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
"""Operator -> the one whose opposite it is."""
