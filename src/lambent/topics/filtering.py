"""Filter policies of subscriptions: which messages one wants.

Sources: https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html (keys, combinations),
…/string-value-matching.html, …/numeric-value-matching.html, …/attribute-key-matching.html and
…/sns-message-filtering-scope.html.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambent.engine import event_pattern, event_pattern_reading
from lambent.engine.json_places import Invalid
from lambent.topics.errors import TopicError

ATTRIBUTES, BODY = "MessageAttributes", "MessageBody"
MOST_KEYS = 5
MOST_COMBINATIONS = 150


@dataclass(frozen=True, slots=True)
class Filter:
    """A policy over message attributes, or over the body."""

    policy: Mapping[str, Any]
    scope: str

    def matches(self, text: str, attributes: Mapping[str, Mapping[str, str]]) -> bool:
        """Whether a message is wanted: `attributes` are name -> {"Type", "Value"}."""
        if self.scope == ATTRIBUTES:
            seen: Any = {name: _value(one) for name, one in attributes.items()}
        else:
            try:
                seen = json.loads(text)
            except (ValueError, RecursionError):
                return False
        return isinstance(seen, dict) and event_pattern.matches(self.policy, seen)


def compiled(policy: str | None, scope: str | None) -> Filter | None:
    """The filter of a policy that was checked; None for none."""
    return Filter(json.loads(policy), scope or ATTRIBUTES) if policy and policy != "{}" else None


def check(text: str, scope: str, within: str = "") -> None:
    """Raises TopicError for what is no policy; `within` stands before the text ("Attributes Reason: ")."""
    if text == "{}":
        return
    try:
        policy = event_pattern_reading.read(text)
    except Invalid as error:
        raise _no(within, str(error)) from error
    if scope == ATTRIBUTES and any(isinstance(one, dict) for one in _leaves_or_nested(policy)):
        raise _no(within, "Filter policy scope MessageAttributes does not support nested filter policy")
    if len(policy) > MOST_KEYS:
        raise _no(within, f"Filter policy can not have more than {MOST_KEYS} keys")
    if _combinations(policy) > MOST_COMBINATIONS:
        raise _no(within, "Filter policy is too complex")


def _no(within: str, text: str) -> TopicError:
    return TopicError("InvalidParameterException", f"Invalid parameter: {within}FilterPolicy: {text}")


def _leaves_or_nested(policy: Mapping[str, Any]) -> list[Any]:
    """The members of a policy, and of its alternatives."""
    found: list[Any] = []
    for key, one in policy.items():
        found += [inner for either in one for inner in _leaves_or_nested(either)] if key == "$or" else [one]
    return found


def _combinations(policy: Mapping[str, Any], depth: int = 1) -> int:
    """How many values a policy may stand for: each list's length times how deep it lies, multiplied."""
    product = 1
    for key, one in policy.items():
        if key == "$or":
            product *= sum(_combinations(either, depth) for either in one)
        elif isinstance(one, dict):
            product *= _combinations(one, depth + 1)
        else:
            product *= len(one) * depth
    return product


def _value(attribute: Mapping[str, str]) -> Any:
    """An attribute as a policy sees it."""
    kind, value = attribute["Type"], attribute["Value"]
    if kind.startswith("Number"):
        return float(value)
    if kind == "String.Array":
        return _array(value)
    return None if kind.startswith("Binary") else value


def _array(value: str) -> Any:
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, list) else value
