"""Event patterns: does an event (or a record of a source) match?

A pattern is an object whose leaves are lists of what a value may be: a value to be equal to, or an object with one
operator. A value that is a list matches when one of its elements does; members of objects in a list must match in one
and the same object. `engine.event_pattern_reading` says what is a pattern.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html,
eb-create-pattern.html (dots join names) and the matcher that AWS publishes, https://github.com/aws/event-ruler.
"""

import functools
import ipaddress
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

log = logging.getLogger(__name__)

ABSENT = object()
"""The value of a member that is not there."""
FEW = 1_000
MOST_TRIED = 1_000_000
"""Conditions times values that are tried, which takes about a second: beyond, nothing matches, and the log says so."""


def matches(pattern: Mapping[str, Any], value: Any) -> bool:
    """Whether every member of the pattern has its match in `value`."""
    members = value if isinstance(value, Mapping) else {}
    return all(_member(key, wanted, members) for key, wanted in pattern.items())


def _member(key: str, wanted: Any, members: Mapping[str, Any]) -> bool:
    if key == "$or":
        return any(matches(one, members) for one in wanted)
    found = members.get(key, ABSENT)
    if found is ABSENT and "." in key:
        outer, _, inner = key.partition(".")
        return _member(outer, {inner: wanted}, members)
    if isinstance(wanted, Mapping):
        return _nested(wanted, _dotted(key, members) if found is ABSENT else found)
    if isinstance(found, list) and len(wanted) * len(found) > FEW:
        return _among_many(wanted, found)
    values = found if isinstance(found, list) else [found]
    return any(_rule(rule, one) for rule in wanted for one in (values or [ABSENT]))


def _among_many(wanted: Sequence[Any], found: Sequence[Any]) -> bool:
    """The same for many values: each of them once, and literal ones are looked up, not compared one by one."""
    values = {_kind(one): one for one in found if not isinstance(one, Mapping | list)}
    rules = [rule for rule in wanted if isinstance(rule, Mapping)]
    if any(_kind(rule) in values for rule in wanted if not isinstance(rule, Mapping)):
        return True
    alike = {type(one): one for one in found if isinstance(one, Mapping | list)}  # to an operator they are all the same
    tried = [*values.values(), *alike.values()]
    if len(rules) * len(tried) > MOST_TRIED:
        log.warning("%d conditions of an event pattern are too many for a list of %d values", len(rules), len(tried))
        return False
    return any(_rule(rule, one) for rule in rules for one in tried)


def _kind(value: Any) -> tuple[bool, Any]:
    """A key that two values have when they are `_same`."""
    return isinstance(value, bool), value


def _dotted(key: str, members: Mapping[str, Any]) -> Any:
    """What is in a member whose name and theirs are one, with a dot between them: EventBridge takes no notice."""
    return {name[len(key) + 1 :]: value for name, value in members.items() if name.startswith(f"{key}.")} or ABSENT


def _nested(wanted: Mapping[str, Any], found: Any) -> bool:
    if isinstance(found, list):
        return any(matches(wanted, one) for one in found)
    return matches(wanted, {} if found is ABSENT else found)


def _rule(rule: Any, value: Any) -> bool:
    if isinstance(rule, Mapping):
        operator, operand = next(iter(rule.items()))
        return OPERATORS[operator](operand, value)
    return _same(rule, value)


def _same(wanted: Any, value: Any) -> bool:
    """Equal, and of one kind: true is not 1."""
    return value is not ABSENT and isinstance(wanted, bool) == isinstance(value, bool) and bool(wanted == value)


def _prefix(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        return isinstance(value, str) and value.lower().startswith(str(operand["equals-ignore-case"]).lower())
    return isinstance(value, str) and value.startswith(operand)


def _suffix(operand: Any, value: Any) -> bool:
    if isinstance(operand, Mapping):
        return isinstance(value, str) and value.lower().endswith(str(operand["equals-ignore-case"]).lower())
    return isinstance(value, str) and value.endswith(operand)


def _equals_ignore_case(operand: Any, value: Any) -> bool:
    return isinstance(value, str) and value.lower() == str(operand).lower()


def _exists(operand: Any, value: Any) -> bool:
    """Leaves only: the source says so of members that are objects."""
    return bool((value is not ABSENT and not isinstance(value, Mapping)) == operand)


def _anything_but(operand: Any, value: Any) -> bool:
    if value is ABSENT or isinstance(value, Mapping):
        return False
    if isinstance(operand, Mapping):
        return not any(_alternatives(name, given, value) for name, given in operand.items())
    values = operand if isinstance(operand, list) else [operand]
    return not any(_same(one, value) for one in values)


def _alternatives(operator: str, operand: Any, value: Any) -> bool:
    given = operand if isinstance(operand, list) else [operand]
    return any(OPERATORS[operator](one, value) for one in given)


def _numeric(operand: Sequence[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    pairs = zip(operand[::2], operand[1::2], strict=True)
    return all(bool(COMPARISONS[sign](value, number)) for sign, number in pairs)


def _wildcard(operand: str, value: Any) -> bool:
    """Without a regular expression, whose time for many wildcards has no bound."""
    if not isinstance(value, str):
        return False
    first, *rest = pieces(operand)
    if not rest:
        return value == first
    *between, last = rest
    if len(value) < len(first) + len(last) or not value.startswith(first) or not value.endswith(last):
        return False
    at, end = len(first), len(value) - len(last)
    for piece in between:
        at = value.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


@functools.lru_cache(1024)
def pieces(text: str) -> tuple[str, ...]:
    r"""The literal text before, between and behind the wildcards; `\*` and `\\` are no wildcards."""
    found, at = [""], 0
    while at < len(text):
        char = text[at]
        if char == "*":
            found.append("")
        else:
            at += char == "\\"
            found[-1] += text[at]
        at += 1
    return tuple(found)


def _cidr(operand: str, value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return address in _network(operand)


@functools.lru_cache(1024)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text, strict=False)


COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": lambda value, number: value == number,
    "<": lambda value, number: value < number,
    "<=": lambda value, number: value <= number,
    ">": lambda value, number: value > number,
    ">=": lambda value, number: value >= number,
}

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "exactly": _same,
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "exists": _exists,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "wildcard": _wildcard,
    "cidr": _cidr,
}
"""Operator -> whether a value meets its operand."""
