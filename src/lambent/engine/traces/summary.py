"""What GetTraceSummaries says of a trace.

Source: https://docs.aws.amazon.com/xray/latest/api/API_TraceSummary.html.
"""

from collections.abc import Sequence
from typing import Any

from lambent.engine.traces.documents import Document, end_of, part, walk
from lambent.engine.traces.service import Flags, flags_within, seconds_of, service_of


def began(segments: Sequence[Document]) -> float:
    """When the first of a trace's segments began."""
    return min(float(one["start_time"]) for one in segments)


def seconds(segments: Sequence[Document]) -> float:
    """From the first beginning to the last end."""
    return max(end_of(one) for one in segments) - began(segments)


def root_of(segments: Sequence[Document]) -> Document:
    """The segment with which the trace began: one whose parent is none of its segments."""
    known = {part["id"] for one in segments for part in walk(one)}
    roots = [one for one in segments if one.get("parent_id") not in known]
    return min(roots or segments, key=lambda one: (bool(one.get("inferred")), one["start_time"]))


def flags_of(segments: Sequence[Document]) -> Flags:
    """Whether any of them had an error, was throttled, had a fault."""
    found = Flags()
    for one in segments:
        found = found | flags_within(one)
    return found


def summary(trace_id: str, segments: Sequence[Document]) -> dict[str, Any]:
    """`segments` are those of one trace, compiled, at least one."""
    root, flags = root_of(segments), flags_of(segments)
    services = list(dict.fromkeys(service_of(one) for one in segments))
    arns = dict.fromkeys(one["resource_arn"] for one in segments if one.get("resource_arn"))
    return {
        "Id": trace_id,
        "StartTime": began(segments),
        "Duration": round(seconds(segments), 3),
        "ResponseTime": round(seconds_of(root), 3),
        "HasFault": flags.fault,
        "HasError": flags.error,
        "HasThrottle": flags.throttle,
        "IsPartial": any(one.get("in_progress") for segment in segments for one in walk(segment)),
        "Http": http_of(root),
        "Annotations": _annotations(segments),
        "Users": [{"UserName": name} for name in users_of(segments)],
        "ServiceIds": [one.told() for one in services],
        "ResourceARNs": [{"ARN": arn} for arn in arns],
        "EntryPoint": service_of(root).told(),
        "Revision": len(segments),
    }


def http_of(segment: Document) -> dict[str, Any]:
    """What is known of the request that a segment served."""
    found = {
        "HttpURL": part(segment, "http", "request", "url"),
        "HttpStatus": part(segment, "http", "response", "status"),
        "HttpMethod": part(segment, "http", "request", "method"),
        "UserAgent": part(segment, "http", "request", "user_agent"),
        "ClientIp": part(segment, "http", "request", "client_ip"),
    }
    return {name: value for name, value in found.items() if _fits(name, value)}


def _fits(name: str, value: object) -> bool:
    if name == "HttpStatus":
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 31
    return isinstance(value, str)


def users_of(segments: Sequence[Document]) -> list[str]:
    """Everybody who is named as a user."""
    return list(dict.fromkeys(str(one["user"]) for one in segments if isinstance(one.get("user"), str)))


def annotated(segments: Sequence[Document]) -> list[tuple[str, bool | float | int | str, Document]]:
    """Every annotation: its key, its value, the segment that it was made in."""
    return [
        (key, value, segment)
        for segment in segments
        for one in walk(segment)
        if not segment.get("inferred")
        for key, value in (one.get("annotations") or {}).items()
        if isinstance(value, bool | float | int | str)
    ]


def _annotations(segments: Sequence[Document]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for key, value, segment in annotated(segments):
        said = {"AnnotationValue": _value(value), "ServiceIds": [service_of(segment).told()]}
        if said not in found.setdefault(key, []):
            found[key].append(said)
    return found


def _value(value: bool | float | str) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BooleanValue": value}
    return {"StringValue": value} if isinstance(value, str) else {"NumberValue": float(value)}
