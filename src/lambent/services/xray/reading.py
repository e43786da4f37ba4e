"""Traces, summaries and graphs that go out.

https://docs.aws.amazon.com/xray/latest/api/API_BatchGetTraces.html, API_GetTraceSummaries.html,
API_GetServiceGraph.html, API_GetTraceGraph.html
"""

import base64
import binascii
import functools
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

import orjson

from lambent.engine.traces import compiling, graph, matching, summary
from lambent.engine.traces.documents import Document
from lambent.engine.traces.filter import Expression
from lambent.model import trace
from lambent.model.scope import Caller, Scope
from lambent.observe.errors import NotKept
from lambent.observe.tracefile import Found, TraceFile
from lambent.services.xray import expressions, faults, groups
from lambent.services.xray.env import XRayEnv

MOST_IDS = 5
"""Trace ids of BatchGetTraces (its API reference)."""
MOST_GRAPHED_IDS = 20
SAMPLED_DIGITS = 8
"""Of a trace's id, which are random."""
PAGE = 1_000
"""Traces that one answer of GetTraceSummaries looks at."""
GRAPHED = 10_000
"""Traces that a service graph is made of, the newest; read in parts, so that others have their turn."""

T = TypeVar("T")
Place = tuple[float, int]


async def batch_get_traces(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Whole traces, compiled. Ids that there are no traces of are left out, as on AWS."""
    ids = list(dict.fromkeys(params["TraceIds"]))
    if len(ids) > MOST_IDS:
        raise faults.invalid(f"A request has at most {MOST_IDS} trace ids.")
    known = [one for one in ids if trace.TRACE_ID.fullmatch(one)]
    unknown = [one for one in ids if one not in known]
    traces = await _asked(env, lambda file: [_whole(one) for one in file.read(caller.scope, known)])
    return {"Traces": traces, "UnprocessedTraceIds": unknown}


async def get_trace_graph(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The services of some traces."""
    ids = list(dict.fromkeys(params["TraceIds"]))
    if len(ids) > MOST_GRAPHED_IDS:
        raise faults.invalid(f"A request has at most {MOST_GRAPHED_IDS} trace ids.")
    found = await _asked(
        env, lambda file: graph.graph_of(segments for _, segments in _compiled(file.read(caller.scope, ids)))
    )
    return {"Services": found.told(caller.scope.account)}


async def get_trace_summaries(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What there is in a time, the newest first; of Sampling by a FixedRate that part of it, always the same."""
    kind = params.get("TimeRangeType") or "TraceId"
    if kind == "Service":
        raise faults.unsupported("GetTraceSummaries with TimeRangeType Service")
    start, end = _times(params)
    expression = expressions.read(params.get("FilterExpression"))
    read = functools.partial(
        _page, caller.scope, start, end, kind == "Event", expression, _place(params.get("NextToken")), _rate(params)
    )
    summaries, seen, after = await _asked(env, read)
    more = {"NextToken": _token(after)} if after else {}
    return {"TraceSummaries": summaries, "ApproximateTime": end, "TracesProcessedCount": seen, **more}


def _rate(params: dict[str, Any]) -> float:
    """Which part of the traces is asked for; a partial scan may look at all."""
    strategy = params.get("SamplingStrategy") or {}
    fixed = params.get("Sampling") and strategy.get("Name") == "FixedRate"
    return float(strategy.get("Value", 1.0)) if fixed else 1.0


async def get_service_graph(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The services of all traces, or of a group's, that began in a time."""
    expression = groups.expression_of(env, caller.scope, params)
    start, end = _times(params)
    whole, after, seen = graph.Graph(), None, 0
    while seen < GRAPHED:
        part = functools.partial(_graphed, caller.scope, start, end, after, expression, whole)
        after, count = await _asked(env, part)
        seen += count
        if after is None:
            break
    return {
        "StartTime": start,
        "EndTime": end,
        "Services": whole.told(caller.scope.account),
        "ContainsOldGroupVersions": False,
    }


def _graphed(
    scope: Scope,
    start: float,
    end: float,
    after: Place | None,
    expression: Expression | None,
    whole: graph.Graph,
    file: TraceFile,
) -> tuple[Place | None, int]:
    """One part of the traces goes into the graph; answers the place of the last one, None when there are no more."""
    found = file.between(scope, start, end, False, PAGE, after)
    for _, segments in _compiled(one for _, one in found):
        if expression is None or matching.fits(expression, segments):
            whole.add(segments)
    return (found[-1][0] if len(found) == PAGE else None), len(found)


def _page(
    scope: Scope,
    start: float,
    end: float,
    active: bool,
    expression: Expression | None,
    after: Place | None,
    rate: float,
    file: TraceFile,
) -> tuple[list[dict[str, Any]], int, Place | None]:
    """Of the traces' thread: summaries, how many traces were looked at, the place of the last one if there are more."""
    found = file.between(scope, start, end, active, PAGE, after)
    summaries = [
        summary.summary(id_, segments)
        for id_, segments in _compiled(one for _, one in found)
        if int(id_[-SAMPLED_DIGITS:], 16) < rate * 16**SAMPLED_DIGITS
        and (expression is None or matching.fits(expression, segments))
    ]
    return summaries, len(found), found[-1][0] if len(found) == PAGE else None


def _whole(found: Found) -> dict[str, Any]:
    segments = _segments(found.documents)
    told = [{"Id": one["id"], "Document": orjson.dumps(one).decode()} for one in segments]
    duration = round(summary.seconds(segments), 3) if segments else 0.0
    return {"Id": found.id, "Duration": duration, "LimitExceeded": found.exceeded, "Segments": told}


def _compiled(those: "Sequence[Found] | Iterator[Found]") -> Iterator[tuple[str, list[Document]]]:
    for found in those:
        segments = _segments(found.documents)
        if segments:
            yield found.id, segments


def _segments(texts: Sequence[bytes]) -> list[Document]:
    return compiling.compiled(orjson.loads(text) for text in texts)


async def _asked(env: XRayEnv, job: Callable[[TraceFile], T]) -> T:
    try:
        return await env.traces.ask(job)
    except NotKept as error:
        raise faults.broken(error) from error


def _times(params: dict[str, Any]) -> tuple[float, float]:
    start, end = _seconds(params["StartTime"]), _seconds(params["EndTime"])
    if end < start:
        raise faults.invalid("The end time must be after the start time.")
    return start, end


def _seconds(value: datetime | float) -> float:
    return value.timestamp() if isinstance(value, datetime) else float(value)


def _token(after: Place) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(after)).decode()


def _place(token: str | None) -> Place | None:
    if not token:
        return None
    try:
        at, number = orjson.loads(base64.urlsafe_b64decode(token))
        return float(at), int(number)
    except (ValueError, TypeError, binascii.Error) as error:
        raise faults.invalid("Invalid NextToken.") from error
