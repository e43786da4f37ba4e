"""EventBridge's deliveries to the targets of rules.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html (the event),
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html (Input and its kin).
"""

import contextlib
import copy
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lambent.neighbour.bridges.handing import Gateway, Message, behind

SERVICE = "events"
FIELDS = ("version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail", "replay-name")
BRIDGED = ("lambda", "sqs")
_PLACEHOLDER = re.compile(r"<([^<>]+)>")


def send_to_targets(gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """In place of moto's: an event for the targets of one rule, if the rule is for it."""

    def send(rule: Any, original_event: dict[str, Any], transform_input: bool = True) -> None:
        if rule.state == "DISABLED" or not rule.event_pattern.get_pattern():  # a rule by schedule takes no events
            return
        if not rule.event_pattern.matches_event(original_event):
            return
        for target in tuple(rule.targets):
            try:
                _send(gateway, former, rule, target, original_event, transform_input)
            except Exception as error:  # no matter for who put the event, nor for the other targets
                gateway.hand(SERVICE, Message(rule.arn, target["Arn"], problem=f"{type(error).__name__}: {error}"))

    return send


def invoke_lambda(gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's: what the creation of a bucket sends to a rule's function."""

    def send(account_id: str, fn_arn: str, event: Any) -> None:
        gateway.hand(SERVICE, Message(f"arn:aws:events:::{account_id}", fn_arn, json.dumps(event)))

    return send


def _send(
    gateway: Gateway,
    former: Callable[..., None],
    rule: Any,
    target: dict[str, Any],
    original_event: dict[str, Any],
    transform_input: bool,
) -> None:
    arn = target["Arn"]
    service = arn.split(":")[2]
    if service in BRIDGED:
        group = target.get("SqsParameters", {}).get("MessageGroupId", "")
        dead_letter = target.get("DeadLetterConfig", {}).get("Arn", "")
        body = sent(rule, target, original_event)
        gateway.hand(SERVICE, Message(rule.arn, arn, body, group=group, dead_letter=dead_letter))
    elif service == "sns":
        from moto.sns.models import sns_backends

        with behind(SERVICE):
            sns_backends[rule.account_id][arn.split(":")[3]].publish(
                arn=arn, message=sent(rule, target, original_event)
            )
    else:
        alone = copy.copy(rule)
        alone.targets = [target]
        with behind(SERVICE):
            former(alone, original_event, transform_input)


def envelope(event: dict[str, Any]) -> dict[str, Any]:
    """The event as targets get it; moto keeps its time as a number, and more about it."""
    said = {name: event[name] for name in FIELDS if name in event}
    if not isinstance(said["time"], str):
        said["time"] = datetime.fromtimestamp(float(said["time"]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return said


def sent(rule: Any, target: dict[str, Any], event: dict[str, Any]) -> str:
    """What a target gets of an event: JSON."""
    said = envelope(event)
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(_find(target["InputPath"], said))
    transformer = target.get("InputTransformer")
    if transformer:
        return transformed(transformer, said, _reserved(rule, said))
    return json.dumps(said)


def transformed(transformer: dict[str, Any], event: dict[str, Any], reserved: dict[str, Any]) -> str:
    """The template with its placeholders filled in: with text inside a string, elsewhere with JSON. What is no JSON
    then is a text as a whole."""
    values = {name: _find(path, event) for name, path in transformer.get("InputPathsMap", {}).items()} | reserved
    template = transformer["InputTemplate"]

    def filled(in_string: Callable[[int], bool]) -> str:
        def fill(match: re.Match[str]) -> str:
            if match[1] not in values:
                return match[0]
            value = values[match[1]]
            text = value if isinstance(value, str) else json.dumps(value)
            return json.dumps(text)[1:-1] if in_string(match.start()) else json.dumps(value)

        return _PLACEHOLDER.sub(fill, template)

    for attempt in (filled(lambda place: _in_string(template, place)), f'"{filled(lambda _place: True)}"'):
        with contextlib.suppress(ValueError):
            json.loads(attempt)
            return attempt
    raise ValueError(f"the input template makes no JSON: {template}")


def _in_string(template: str, place: int) -> bool:
    return len(re.findall(r'(?<!\\)"', template[:place])) % 2 == 1


def _reserved(rule: Any, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "aws.events.rule-arn": rule.arn,
        "aws.events.rule-name": rule.name,
        "aws.events.event.ingestion-time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }


def _find(path: str, event: dict[str, Any]) -> Any:
    """What is at a JSON path; null where there is nothing."""
    from jsonpath_ng.ext.parser import parse

    found = parse(path).find(event)
    return found[0].value if found else None
