"""PutEvents and TestEventPattern.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html,
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html
"""

import json
from collections.abc import Mapping
from typing import Any

from lambent.buses import errors, events
from lambent.buses.events import Arrived, EntryError
from lambent.buses.names import bus_arn, bus_named
from lambent.engine import event_pattern
from lambent.model.finding import Finding
from lambent.model.scope import Caller
from lambent.services.events.env import EventsEnv
from lambent.services.events.rules import read_pattern

NEEDED = ("id", "account", "source", "time", "region", "resources", "detail-type")
NO_BUS = "events-for-no-bus"


async def put_events(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take events in: an entry that can't be one is answered as such, the others are taken."""
    if params.get("EndpointId"):
        raise errors.unsupported("global endpoints")
    entries = params["Entries"]
    if events.size(entries) > events.MOST_BYTES:
        raise errors.validation("Total size of the entries in the request is over the limit.")
    taken: list[Arrived] = []
    answers = [_enter(env, caller, one, taken) for one in entries]
    await env.buses.put(taken)
    return {"FailedEntryCount": len(entries) - sum("EventId" in one for one in answers), "Entries": answers}


async def test_event_pattern(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Whether a pattern is for an event."""
    pattern = read_pattern(params["EventPattern"])
    try:
        event = json.loads(params["Event"])
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise errors.validation("Parameter Event is not valid. Reason: The event is not a JSON object.")  # our wording
    for name in NEEDED:
        if name not in event:
            raise errors.validation(f"Parameter Event is not valid. Reason: {name} is a required argument.")
    return {"Result": event_pattern.matches(pattern, event)}


def _enter(env: EventsEnv, caller: Caller, entry: Mapping[str, Any], taken: list[Arrived]) -> dict[str, Any]:
    """The answer to an entry, whose event goes to `taken`. Raises BusError for another account's bus."""
    said = events.refused(entry, caller.own)
    scope, name = bus_named(caller.scope, entry.get("EventBusName"))
    env.admit(caller, "PutEvents", scope, name, _keys(entry))
    if said is not None:
        return _error(said)
    event = events.made(entry, caller.scope, env.new_id(), env.now())
    if env.registry.has_bus(scope, name):
        taken.append(Arrived(scope, name, event, entry.get("TraceHeader") or caller.trace_id or ""))
    else:
        # AWS takes it without a word: https://github.com/aws/aws-sdk-java-v2/issues/3173
        text = "Events were put on it, and there is no such bus: as on AWS they were acknowledged, and are gone."
        env.report(Finding(NO_BUS, bus_arn(scope, name), text, "Is its name right, and the region?"))
    return {"EventId": event["id"]}


def _keys(entry: Mapping[str, Any]) -> dict[str, str]:
    """What policies of buses go by: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html"""
    return {"events:source": entry.get("Source") or "", "events:detail-type": entry.get("DetailType") or ""}


def _error(said: EntryError) -> dict[str, Any]:
    return {"ErrorCode": said.code, "ErrorMessage": said.message}
