"""GetLogEvents."""

from typing import Any

from lambent.model.scope import Caller
from lambent.observe.logread import END_OF_TIME, PAGE_EVENTS, Span
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import worded
from lambent.services.logs.names import asked_group


async def get_log_events(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A page of one stream; the last page unless `startFromHead` or a token asks for another."""
    span = Span(
        params.get("startTime", 0),
        params.get("endTime", END_OF_TIME),
        params.get("limit", PAGE_EVENTS),
        params.get("nextToken"),
        params.get("startFromHead", False),
    )
    with worded():
        group = asked_group(caller.scope, params)
        page = await env.store.get_events(caller.scope, group, params["logStreamName"], span)
    return {
        "events": [
            {"timestamp": event.timestamp, "message": event.message, "ingestionTime": event.ingested}
            for event in page.events
        ],
        "nextForwardToken": page.forward,
        "nextBackwardToken": page.backward,
    }
