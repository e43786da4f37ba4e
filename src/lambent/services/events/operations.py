"""The operations answered here, and those that are refused by name."""

import functools
from collections.abc import Awaitable, Callable
from typing import Any

from lambent.buses.errors import BusError
from lambent.model.scope import Caller
from lambent.services.events import archives, buses, connections, putting, rules, tags, targets
from lambent.services.events.env import EventsEnv
from lambent.store.errors import StoreError
from lambent.wire.fault import Fault

Operation = Callable[[EventsEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]


def worded(operation: Operation) -> Operation:
    """The operation with what buses refuse as the caller's fault; a disk that refuses is InternalException."""

    @functools.wraps(operation)
    async def run(env: EventsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
        try:
            return await operation(env, caller, params)
        except BusError as error:
            status = 501 if error.code == "NotImplementedException" else None
            raise Fault(error.code, error.message, status=status) from error
        except StoreError as error:
            text = f"It can't be written: {error}"  # our wording
            raise Fault("InternalException", text, status=500) from error

    return run


_OPERATIONS: dict[str, Operation] = {
    "CancelReplay": archives.cancel_replay,
    "CreateApiDestination": connections.create_api_destination,
    "CreateArchive": archives.create_archive,
    "CreateConnection": connections.create_connection,
    "CreateEventBus": buses.create_event_bus,
    "DeauthorizeConnection": connections.deauthorize_connection,
    "DeleteApiDestination": connections.delete_api_destination,
    "DeleteArchive": archives.delete_archive,
    "DeleteConnection": connections.delete_connection,
    "DeleteEventBus": buses.delete_event_bus,
    "DeleteRule": rules.delete_rule,
    "DescribeApiDestination": connections.describe_api_destination,
    "DescribeArchive": archives.describe_archive,
    "DescribeConnection": connections.describe_connection,
    "DescribeEventBus": buses.describe_event_bus,
    "DescribeReplay": archives.describe_replay,
    "DescribeRule": rules.describe_rule,
    "DisableRule": rules.disable_rule,
    "EnableRule": rules.enable_rule,
    "ListApiDestinations": connections.list_api_destinations,
    "ListArchives": archives.list_archives,
    "ListConnections": connections.list_connections,
    "ListEventBuses": buses.list_event_buses,
    "ListReplays": archives.list_replays,
    "ListRuleNamesByTarget": rules.list_rule_names_by_target,
    "ListRules": rules.list_rules,
    "ListTagsForResource": tags.list_tags_for_resource,
    "ListTargetsByRule": targets.list_targets_by_rule,
    "PutEvents": putting.put_events,
    "PutPermission": buses.put_permission,
    "PutRule": rules.put_rule,
    "PutTargets": targets.put_targets,
    "RemovePermission": buses.remove_permission,
    "RemoveTargets": targets.remove_targets,
    "StartReplay": archives.start_replay,
    "TagResource": tags.tag_resource,
    "TestEventPattern": putting.test_event_pattern,
    "UntagResource": tags.untag_resource,
    "UpdateApiDestination": connections.update_api_destination,
    "UpdateArchive": archives.update_archive,
    "UpdateConnection": connections.update_connection,
    "UpdateEventBus": buses.update_event_bus,
}

OPERATIONS = {name: worded(operation) for name, operation in _OPERATIONS.items()}

REFUSED = {
    **dict.fromkeys(
        (
            *("ActivateEventSource", "CreatePartnerEventSource", "DeactivateEventSource", "DeletePartnerEventSource"),
            *("DescribeEventSource", "DescribePartnerEventSource", "ListPartnerEventSourceAccounts"),
            *("ListEventSources", "ListPartnerEventSources", "PutPartnerEvents"),
        ),
        "there are no partners here",
    ),
    **dict.fromkeys(
        ("CreateEndpoint", "DeleteEndpoint", "DescribeEndpoint", "ListEndpoints", "UpdateEndpoint"),
        "global endpoints lead to two regions, and nothing here fails over",
    ),
}
"""Operation -> why it is refused."""
