"""Which rules a message is for, and all that they send."""

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lambent.engine.iot import topics
from lambent.engine.iot.actions import Sent, arn_of, push_of
from lambent.engine.iot.functions import Message
from lambent.engine.iot.sql import statement
from lambent.engine.iot.values import UNDEFINED
from lambent.model import lineage
from lambent.model.push import Push
from lambent.model.scope import Scope


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is kept: `payload` has the members of a TopicRulePayload."""

    name: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Published:
    """A message that was published. `trace` is the header that goes along."""

    scope: Scope
    topic: str
    payload: bytes
    now: float
    trace: str
    new_id: Callable[[], str]


def pushes(rules: Iterable[Rule], published: Published, loops: Callable[[str], None]) -> list[Push]:
    """What all rules send for it; `loops` is told of a rule (ARN) that has had its own message too often."""
    named, topic = topics.ingested(published.topic)
    value = _read(published.payload)
    message = Message(topic, value, published.now, published.scope.account, published.new_id)
    return [
        push
        for rule in rules
        if not rule.payload.get("ruleDisabled") and (rule.name == named if named else _wants(rule, topic))
        for push in _of(rule, published, message, loops)
    ]


def _wants(rule: Rule, topic: str) -> bool:
    pattern = statement(rule.payload["sql"]).pattern
    return bool(pattern) and topics.passes(pattern, topic)


def _of(rule: Rule, published: Published, message: Message, loops: Callable[[str], None]) -> Iterator[Push]:
    arn = arn_of(published.scope, rule.name)
    entered = lineage.advance(published.trace, arn)
    if entered.in_all >= lineage.ROUNDS:
        loops(arn)
        return
    found = statement(rule.payload["sql"])
    if not found.takes(message):
        return
    value = found.make(message)
    if value is UNDEFINED:
        return
    onward = lineage.unwatched(published.trace, "iot")
    sent = Sent(published.scope, rule.name, message, value, onward, entered.header)
    for action in rule.payload.get("actions") or ():
        yield push_of(sent, action, rule.payload.get("errorAction"), published.payload)


def _number(said: str) -> float:
    """Raises ValueError for what is none of JSON's, or too large to be one of ours."""
    found = float(said)
    if not math.isfinite(found):
        raise ValueError(said)
    return found


def _read(payload: bytes) -> Any:
    """The document that it is, else the bytes."""
    try:
        return json.loads(payload, parse_constant=_number, parse_float=_number)
    except (ValueError, RecursionError):
        return payload
