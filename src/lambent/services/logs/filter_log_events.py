"""FilterLogEvents."""

from collections.abc import Callable
from typing import Any

from lambent.model.scope import Caller
from lambent.observe.filterpattern import PatternError, compile_pattern
from lambent.observe.logread import END_OF_TIME, PAGE_EVENTS, Match, Span, event_id
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, unsupported, worded
from lambent.services.logs.names import asked_group
from lambent.wire.fault import Fault


async def filter_log_events(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of the events of a group's streams, merged by time, oldest first."""
    if params.get("startFromHead") is False:
        raise unsupported("startFromHead false in FilterLogEvents")
    group = asked_group(caller.scope, params)
    wanted, matches, span = _wanted(params), _matches(params), _span(params)
    with worded():
        if "logStreamNames" in params:
            _must_exist(env, caller, group, params["logStreamNames"])
        page = await env.store.filter_events(caller.scope, group, wanted, matches, span)
    return {
        "events": [
            {
                "logStreamName": stream.name,
                "timestamp": event.timestamp,
                "message": event.message,
                "ingestionTime": event.ingested,
                "eventId": event_id(stream, event),
            }
            for stream, event in page.events
        ],
        "searchedLogStreams": [],  # AWS has answered none since 2019
        "nextToken": page.token,
    }


def _span(params: dict[str, Any]) -> Span:
    """FilterLogEvents counts `endTime` in, GetLogEvents does not."""
    end = params["endTime"] + 1 if "endTime" in params else END_OF_TIME
    return Span(params.get("startTime", 0), end, params.get("limit", PAGE_EVENTS), params.get("nextToken"))


def _wanted(params: dict[str, Any]) -> Callable[[str], bool]:
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix", "")
    if names and prefix:
        raise invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
    if names:
        return frozenset(names).__contains__
    return lambda name: name.startswith(prefix)


def _matches(params: dict[str, Any]) -> Match:
    try:
        return compile_pattern(params.get("filterPattern", ""))
    except PatternError as error:
        raise invalid(str(error)) from error


def _must_exist(env: LogsEnv, caller: Caller, group: str, names: list[str]) -> None:
    held = env.store.group(caller.scope, group).streams
    if any(name not in held for name in names):
        raise Fault("ResourceNotFoundException", "The specified log stream does not exist.")
