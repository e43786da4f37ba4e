"""DescribeLogStreams."""

from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.observe.logindex import Stream
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, worded
from lambent.services.logs.names import asked_group, stream_arn
from lambent.services.logs.paging import page

SEQUENCE_TOKEN = "0" * 56
"""AWS ignores sequence tokens since 2023, and still answers one."""


async def describe_log_streams(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """A group's streams by name or by their last event."""
    group = asked_group(caller.scope, params)
    prefix, by_time = params.get("logStreamNamePrefix", ""), params.get("orderBy") == "LastEventTime"
    if prefix and by_time:
        raise invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    with worded():
        streams = await env.store.streams(caller.scope, group, prefix)
    if by_time:
        streams.sort(key=lambda stream: stream.file.last or 0)
    if params.get("descending"):
        streams.reverse()
    found, token = page(streams, lambda stream: stream.name, params.get("limit"), params.get("nextToken"))
    return {"logStreams": [_shown(caller.scope, group, stream) for stream in found], "nextToken": token}


def _shown(scope: Scope, group: str, stream: Stream) -> dict[str, Any]:
    file = stream.file
    times = {
        "firstEventTimestamp": file.first,
        "lastEventTimestamp": file.last,
        "lastIngestionTime": file.ingested,
    }
    return {
        "logStreamName": stream.name,
        "creationTime": stream.created,
        **{name: time for name, time in times.items() if time is not None},
        "uploadSequenceToken": SEQUENCE_TOKEN,
        "arn": stream_arn(scope, group, stream.name),
        "storedBytes": 0,  # AWS has answered 0 for streams since 2019
    }
