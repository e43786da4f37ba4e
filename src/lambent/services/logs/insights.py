"""StartQuery, GetQueryResults, StopQuery, DescribeQueries, GetLogRecord, GetLogGroupFields: Logs Insights.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartQuery.html and its neighbours.
"""

import asyncio
from collections import Counter
from dataclasses import asdict
from typing import Any

from lambent.engine.insights.batch import every
from lambent.engine.insights.comparing import periods_of
from lambent.engine.insights.fields import LogEvent, Source, pointed
from lambent.engine.insights.query import MalformedQuery, Query
from lambent.engine.insights.reading import MOST_ROWS, read
from lambent.engine.insights.values import text
from lambent.model.scope import Caller
from lambent.observe.insights import Job
from lambent.observe.logindex import NoSuchGroup
from lambent.observe.logread import Span
from lambent.observe.queries import FAILED, StartedQuery, TooManyQueries
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import invalid, unsupported, worded
from lambent.services.logs.names import asked_group, from_identifier
from lambent.services.logs.paging import page
from lambent.wire.fault import Fault

MOST_GROUPS = 50
"""Of `logGroupNames`; so many identifiers as well."""
SAMPLE = 1_000
"""Events whose fields are counted by GetLogGroupFields."""
WINDOW_MS = 15 * 60_000


async def start_query(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Begin a query; its id."""
    if params.get("queryLanguage", "CWLI") != "CWLI":
        raise unsupported(f"queries in {params['queryLanguage']}")
    groups = _groups(caller, params)
    for group in groups:
        _must_exist(env, caller, group)
    asked = _read(params["queryString"])
    start, end = params["startTime"] * 1000, (params["endTime"] + 1) * 1000
    if end <= start:
        raise invalid("The start time of a query must not be after its end time.")  # our wording
    query = StartedQuery(caller.scope, env.new_id(), params["queryString"], groups, int(env.clock() * 1000))
    periods = periods_of(asked, start, end)

    async def job() -> Job:
        first = min(begin for begin, _ in periods)
        found = [await env.store.ranges(caller.scope, group, first, end) for group in groups]
        streams = [asdict(one) for ranges in found for one in ranges]
        limit = params.get("limit", MOST_ROWS)
        return {"query": query.text, "periods": periods, "limit": limit, "streams": streams}

    try:
        env.queries.start(query, lambda: asyncio.ensure_future(job()))
    except TooManyQueries:
        raise Fault("LimitExceededException", "The limit of concurrent queries has been reached.") from None
    return {"queryId": query.id}


def _groups(caller: Caller, params: dict[str, Any]) -> list[str]:
    """The names of the log groups that are asked. Raises Fault."""
    named = [member for member in ("logGroupName", "logGroupNames", "logGroupIdentifiers") if params.get(member)]
    if len(named) != 1:
        raise invalid("Exactly one of logGroupName, logGroupNames and logGroupIdentifiers is needed.")  # our wording
    said = params[named[0]]
    groups = [said] if isinstance(said, str) else [from_identifier(caller.scope, one) for one in said]
    if len(groups) > MOST_GROUPS:
        raise invalid(f"A query takes {MOST_GROUPS} log groups at most.")  # our wording
    return list(dict.fromkeys(groups))


def _must_exist(env: LogsEnv, caller: Caller, group: str) -> None:
    try:
        env.store.group(caller.scope, group)
    except NoSuchGroup:
        said = f"Log group '{group}' does not exist for account ID '{caller.scope.account}'"
        raise Fault("ResourceNotFoundException", said) from None


def _read(query: str) -> Query:
    try:
        return read(query)
    except MalformedQuery as error:
        location = {"startCharOffset": error.start, "endCharOffset": error.end}
        members = {"queryCompileError": {"location": location, "message": str(error)}}
        raise Fault("MalformedQueryException", str(error), members=members) from error


async def get_query_results(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The rows of a query that has ended; before that how it stands."""
    query = _started(env, caller, params["queryId"])
    rows, token = _page(query, params)
    figures = {"recordsMatched": 0, "recordsScanned": 0, "bytesScanned": 0, **query.figures}
    figures |= {"estimatedRecordsSkipped": 0, "estimatedBytesSkipped": 0, "logGroupsScanned": len(query.groups)}
    return {
        "queryLanguage": "CWLI",
        "results": [[{"field": name, "value": value} for name, value in row] for row in rows],
        "statistics": {name: float(value) for name, value in figures.items()},
        "status": query.status,
        "nextToken": token,
    }


def _page(query: StartedQuery, params: dict[str, Any]) -> tuple[list[list[tuple[str, str]]], str | None]:
    if "maxItems" not in params and "nextToken" not in params:
        return query.rows, None
    numbered = [(str(place), row) for place, row in enumerate(query.rows)]
    found, token = page(numbered, lambda one: one[0], params.get("maxItems", MOST_ROWS), params.get("nextToken"))
    return [row for _, row in found], token


def _started(env: LogsEnv, caller: Caller, query_id: str) -> StartedQuery:
    query = env.queries.get(caller.scope, query_id)
    if query is None:
        raise Fault("ResourceNotFoundException", f"Query with id {query_id} does not exist.")  # our wording
    return query


async def stop_query(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """End a query; one that has ended is refused, as by AWS."""
    query = _started(env, caller, params["queryId"])
    if not env.queries.stop(query):
        raise invalid("The specified query is not running.")
    return {"success": True}


async def describe_queries(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Queries of this account, the newest first."""
    group, status = params.get("logGroupName"), params.get("status")
    queries = [one for one in env.queries.of(caller.scope) if status in (None, one.status)]
    shown = [_described(one) for one in queries if group is None or group in one.groups]
    found, token = page(shown, lambda one: str(one["queryId"]), params.get("maxResults"), params.get("nextToken"))
    return {"queries": found, "nextToken": token}


def _described(query: StartedQuery) -> dict[str, Any]:
    shown = {
        "queryLanguage": "CWLI",
        "queryId": query.id,
        "queryString": query.text,
        "status": query.status,
        "createTime": query.created,
        "logGroupName": query.groups[0],
    }
    if query.ended and query.status != FAILED:
        shown |= {"queryDuration": int(query.seconds * 1000)}
    return shown


async def get_log_record(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All fields of the event that a row's @ptr names."""
    try:
        group, stream, offset, at = pointed(params["logRecordPointer"])
    except (ValueError, TypeError):
        raise invalid("The specified log record pointer is invalid.") from None  # our wording
    with worded():
        event = await env.store.event(caller.scope, group, stream, offset)
    if event is None or event.timestamp != at:
        raise Fault("ResourceNotFoundException", "The specified log record does not exist.")  # our wording
    found = every(LogEvent(*event, Source(caller.scope.account, group, stream)))
    return {"logRecord": {name: text(value) for name, value in found.items()}}


async def get_log_group_fields(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Which fields the events around a time have, and how many of them in per cent."""
    group, now = asked_group(caller.scope, params), int(env.clock() * 1000)
    about = params["time"] * 1000 if "time" in params else now
    reach = WINDOW_MS if "time" not in params else WINDOW_MS // 2
    span = Span(max(about - reach, 0), about + reach, SAMPLE)
    with worded():
        events = (await env.store.filter_events(caller.scope, group, lambda _: True, lambda _: True, span)).events
    counts: Counter[str] = Counter()
    for stream, event in events:
        counts.update(every(LogEvent(*event, Source(caller.scope.account, group, stream.name))).keys())
    shown = [(name, round(100 * many / len(events))) for name, many in counts.most_common(100) if name != "@ptr"]
    return {"logGroupFields": [{"name": name, "percent": percent} for name, percent in shown]}
