"""Which targets an event goes to, and what each of them gets. Pure.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-event-delivery.html (185 retries in 24 hours,
exponential with jitter), https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html.
"""

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lambent.buses.events import Arrived, Event, iso
from lambent.buses.registry import Rule
from lambent.engine import event_pattern, input_transformer
from lambent.model import lineage
from lambent.model.delivery import Delivery
from lambent.model.push import Push, RetryPolicy

KIND = "events"
RETRIES = 185
LONGEST = 86_400.0
PAUSES = tuple(float(1 << power) for power in range(10))
"""Seconds, doubling up to 512: so 185 retries fill the 24 hours."""
REPLAY = "replay-name"
"""The member of an event that a replay sends once more."""


def matching(rules: Iterable[Rule], event: Event) -> Iterator[Rule]:
    """The rules that an event is for."""
    for rule in rules:
        if rule.enabled and rule.pattern is not None and event_pattern.matches(rule.pattern, event):
            yield rule


def pushes(rule: Rule, arrived: Arrived, now: float, chance: Callable[[], float]) -> list[Push]:
    """What the targets of a rule get of an event that came at `now` (seconds since 1970)."""
    return [_push(rule, target, arrived, now, chance) for target in rule.targets]


def _push(rule: Rule, target: Mapping[str, Any], arrived: Arrived, now: float, chance: Callable[[], float]) -> Push:
    event, lost = arrived.event, ""
    try:
        text = input_transformer.received(target, event, rule.arn, iso(now))
    except input_transformer.TooLarge as error:
        text, lost = "", str(error)
    call = _CALLS.get(target["Arn"].split(":")[2])
    sent = text if call is None else input_transformer.minified(call.params(rule, target, event, text))
    delivery = Delivery(
        scope=rule.scope,
        target=target["Arn"],
        body=sent.encode("utf-8", "replace"),
        function="",
        arn=rule.arn,
        trace_id=lineage.unwatched(arrived.trace, KIND),
        unique=event["id"],
        now=now,
        attributes=_http(target.get("HttpParameters") or {}),
        group=str((target.get("SqsParameters") or {}).get("MessageGroupId", "")),
        call="" if call is None else call.operation,
    )
    dead_letter = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    changed = call is not None or any(target.get(name) for name in ("Input", "InputPath", "InputTransformer"))
    letter = input_transformer.minified(event) if changed and dead_letter else ""
    policy = _policy(target.get("RetryPolicy") or {}, chance)
    return Push(KIND, delivery, policy, dead_letter, role=target.get("RoleArn", ""), letter=letter, lost=lost)


def _policy(said: Mapping[str, int], chance: Callable[[], float]) -> RetryPolicy:
    pauses = tuple(seconds * (0.75 + chance() / 4) for seconds in PAUSES)
    tries = 1 + said.get("MaximumRetryAttempts", RETRIES)
    return RetryPolicy(tries, float(said.get("MaximumEventAgeInSeconds", LONGEST)), pauses)


def _record(_rule: Rule, target: Mapping[str, Any], event: Event, text: str) -> dict[str, Any]:
    """A stream's record. Its partition key is what is at a path, the event's id where nothing is."""
    path = (target.get("KinesisParameters") or {}).get("PartitionKeyPath", "$.id")
    found = input_transformer.find(path, event)
    if input_transformer.is_absent(found) or found == "":
        found = event["id"]
    key = found if isinstance(found, str) else input_transformer.minified(found)
    return {"StreamARN": target["Arn"], "PartitionKey": key[:256], "Data": text}


def _execution(rule: Rule, target: Mapping[str, Any], event: Event, text: str) -> dict[str, Any]:
    """A machine's start, under a name of its own: sent twice it is started once."""
    name = f"{event['id']}_{uuid.uuid5(uuid.NAMESPACE_URL, rule.arn + target['Id'])}"
    return {"stateMachineArn": target["Arn"], "input": text, "name": name}


class _Call(NamedTuple):
    """An operation that takes an event, and its parameters."""

    operation: str
    params: Callable[[Rule, Mapping[str, Any], Event, str], dict[str, Any]]


_CALLS = {
    "kinesis": _Call("kinesis:PutRecord", _record),
    "states": _Call("stepfunctions:StartExecution", _execution),
}
"""What is called with an event, by the service in the target's ARN; the others are sent a message."""


def _http(said: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """What an API destination's request has besides, as attributes: place and name -> (place, value)."""
    found = {f"path:{place:03}": ("path", value) for place, value in enumerate(said.get("PathParameterValues") or ())}
    for place, member in (("header", "HeaderParameters"), ("query", "QueryStringParameters")):
        found |= {f"{place}:{name}": (place, value) for name, value in (said.get(member) or {}).items()}
    return found
