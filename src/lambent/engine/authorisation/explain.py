"""Why a request is denied: AWS's text, the statement that decided or nearly did, and the least that would allow it.

Source of the texts: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambent.engine.authorisation import conditions
from lambent.engine.authorisation.conditions import Condition
from lambent.engine.authorisation.decide import Ask, Decision, Layer, Policies, layers, reaches
from lambent.engine.authorisation.document import Statement
from lambent.engine.authorisation.patterns import arn_fits, lower
from lambent.engine.authorisation.principals import Meant, meant

FIELDS = ("arn", "partition", "service", "region", "account", "resource")
_NO_SINGLE = "this action is about no single resource: * is needed"
_VOWELS = "aeiou"
_MANAGED = re.compile(r"arn:[a-z-]+:iam::[^:]+:policy/.+")


@dataclass(frozen=True, slots=True)
class Near:
    """A statement that might have allowed it, and why it does not."""

    layer: Layer
    statement: Statement
    why: str
    rank: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is told of a denial. `looked_at` are lines "layer: policy", `why` one line, `mend` the least statement (None
    where none can help)."""

    text: str
    why: str
    looked_at: tuple[str, ...]
    mend: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Words:
    """How a service says what was asked for: the action, and the resource, "" for one that it does not name."""

    action: str
    resource: str


def denial(ask: Ask, decision: Decision, words: Words | None = None) -> str:
    """AWS's text for it."""
    words = words or Words(ask.action, "" if ask.resource == "*" else ask.resource)
    on = f" on resource: {words.resource}" if words.resource else ""
    return f"User: {ask.who.arn} is not authorized to perform: {words.action}{on} {_reason(decision, words.action)}"


def _reason(decision: Decision, action: str) -> str:
    """A managed policy is called by its ARN."""
    if not decision.explicit:
        return f"because no {decision.layer.value} allows the {action} action"
    article = "an" if decision.layer.value[0] in _VOWELS else "a"
    policy = decision.statement.policy if decision.statement is not None else ""
    named = f": {policy}" if _MANAGED.fullmatch(policy) else ""
    return f"with an explicit deny in {article} {decision.layer.value}{named}"


def explain(ask: Ask, policies: Policies, decision: Decision, words: Words | None = None) -> Explanation:
    """Everything about a denial."""
    looked_at = tuple(f"{layer.value}: {policy.name}" for layer, policy in layers(policies))
    mend: Mapping[str, Any] | None = None
    if decision.explicit and decision.statement is not None:
        trouble = f", which can't be evaluated ({decision.statement.trouble})" if decision.statement.trouble else ""
        why = f"{decision.statement.name} denies it{trouble}"
    else:
        near = nearest(ask, policies, decision.layer)
        why = f"{near.statement.name} nearly allows it: {near.why}" if near else _nothing(policies, decision.layer)
        mend = smallest(ask, decision.layer)
    return Explanation(denial(ask, decision, words), why, looked_at, mend)


def _nothing(policies: Policies, layer: Layer) -> str:
    if any(kind is layer for kind, _ in layers(policies)):
        return f"no statement of any {layer.value} is about this action"
    return f"there is no {layer.value}"


def nearest(ask: Ask, policies: Policies, layer: Layer) -> Near | None:
    """The Allow of a layer that lacks least; none when nothing there is about the action."""
    found = [
        near
        for kind, policy in layers(policies)
        if kind is layer
        for statement in policy.statements
        if statement.allow and (near := _near(kind, statement, ask)) is not None
    ]
    return max(found, key=lambda near: near.rank, default=None)


def _near(layer: Layer, statement: Statement, ask: Ask) -> Near | None:
    if statement.trouble:
        return Near(layer, statement, f"it can't be evaluated: {statement.trouble}", 0)
    if not statement.acts(ask.action):
        return None
    if not reaches(statement, ask, ask.all_keys):
        why, rank = _resource(statement, ask)
        return Near(layer, statement, why, rank)
    if meant(statement.principals, ask.who) is Meant.NOBODY:
        return Near(layer, statement, f"its principal is not {ask.who.arn}", 4)
    for one in statement.conditions:
        if not conditions.is_met(one, ask.all_keys):
            return Near(layer, statement, _condition(one, ask), 5)
    return None


def _condition(one: Condition, ask: Ask) -> str:
    actual = ask.all_keys.get(lower(one.key))
    wanted = f"{one.operator} {one.key} {' or '.join(one.values)}"
    if actual is None:
        return f"its condition ({wanted}) needs the key {one.key}, which the request does not have"
    said = actual if isinstance(actual, str) else ", ".join(actual)
    return f"its condition ({wanted}) is not met: {one.key} is {said}"


def _resource(statement: Statement, ask: Ask) -> tuple[str, int]:
    """Why no resource of it fits, by the one that comes nearest."""
    if statement.but_resources:
        return f"its NotResource leaves out {ask.resource}", 1
    if ask.at_large:
        return f"it names {', '.join(statement.resources)}, and {_NO_SINGLE}", 2
    told = [_scope(pattern, ask.resource) for pattern in statement.resources]
    return max(told, key=lambda one: one[1], default=("it names no resource", 0))


def _scope(pattern: str, resource: str) -> tuple[str, int]:
    """How a pattern misses a resource, and how nearly it does not."""
    if arn_fits(f"{pattern}/*", resource, {}):
        return f"it names {pattern} alone, not what is in it: {pattern}/* is needed", 3
    if pattern.endswith("/*") and arn_fits(pattern.removesuffix("/*"), resource, {}):
        return f"it names what is in {resource}, not {resource} itself", 3
    if resource == "*":
        return f"it names {pattern}, and {_NO_SINGLE}", 2
    wanted, fields = pattern.split(":", 5), resource.split(":", 5)
    if len(wanted) == len(fields) == 6:
        wrong = [place for place in range(6) if not arn_fits(wanted[place], fields[place], {})]
        if len(wrong) == 1 and wrong[0] < 5:
            name = FIELDS[wrong[0]]
            return f"it names the {name} {wanted[wrong[0]] or '(none)'}, the resource's is {fields[wrong[0]]}", 3
        if arn_fits(f"{pattern}:*", resource, {}):
            return f"it names {pattern} without what follows: {pattern}:* is needed", 3
        return f"it names {pattern}", 2 if wrong == [5] else 1
    return f"it names {pattern}", 1


def smallest(ask: Ask, layer: Layer) -> dict[str, Any]:
    """The least statement that would allow it in a layer."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": ask.action}
    if layer is Layer.RESOURCE:
        kind = "Service" if ask.who.kind == "service" else "AWS"
        statement["Principal"] = {kind: ask.who.principal_arn} if ask.who.kind != "anonymous" else "*"
    statement["Resource"] = "*" if ask.at_large else ask.resource
    return statement


def as_text(statement: Mapping[str, Any]) -> str:
    """A statement as JSON, on one line."""
    return json.dumps(statement)
