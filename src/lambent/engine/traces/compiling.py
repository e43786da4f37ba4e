"""From the documents that were sent to the segments of a trace.

A document that is sent again completes the one before. A subsegment that was sent alone goes into its parent. A call of
something that says nothing of itself becomes an inferred segment.
Source: https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html (`in_progress`, "Subsegments",
`namespace`); https://docs.aws.amazon.com/xray/latest/devguide/xray-api-gettingdata.html (what traces look like).
"""

from collections.abc import Iterable, Mapping

from lambent.engine.traces.documents import DEEPEST, Document, end_of, part, walk
from lambent.model import trace

ORIGINS: Mapping[str, str] = {
    "dynamodb": "AWS::DynamoDB::Table",
    "events": "AWS::Events",
    "eventbridge": "AWS::Events",
    "kinesis": "AWS::Kinesis",
    "lambda": "AWS::Lambda",
    "s3": "AWS::S3::Bucket",
    "secretsmanager": "AWS::SecretsManager",
    "sns": "AWS::SNS",
    "sqs": "AWS::SQS::Queue",
    "ssm": "AWS::SSM",
}
"""What an inferred segment of a service is; others are `AWS::` and their name."""
_OF_CALLS = ("annotations", "metadata", "subsegments", "namespace", "type", "precursor_ids", "trace_id", "parent_id")


def compiled(documents: Iterable[Document]) -> list[Document]:
    """The segments of one trace, in the order in which they began."""
    merged: dict[str, Document] = {}
    for said in documents:
        before = merged.get(said["id"])
        merged[said["id"]] = said if before is None else _completed(before, said)
    segments = [_flattened(one) for one in _nested(merged)]
    segments += _inferred(segments)
    return sorted(segments, key=lambda one: (one["start_time"], one["id"]))


def _completed(before: Document, said: Document) -> Document:
    """A segment of which something was known before."""
    if said.get("in_progress") and not before.get("in_progress"):
        before, said = said, before
    parts = {one["id"]: one for one in (*(before.get("subsegments") or ()), *(said.get("subsegments") or ()))}
    whole = before | said | {"start_time": min(before["start_time"], said["start_time"])}
    if not said.get("in_progress"):
        whole.pop("in_progress", None)
        whole["end_time"] = max(end_of(before), end_of(said))
    return whole | ({"subsegments": _in_order(parts.values())} if parts else {})


def _nested(merged: dict[str, Document]) -> list[Document]:
    """Segments, with the subsegments that came alone in the place where they belong."""
    alone = [one for one in merged.values() if one.get("type") == "subsegment"]
    places = {part["id"]: part for one in merged.values() for part in walk(one)}
    segments = [one for one in merged.values() if one.get("type") != "subsegment"]
    for one in alone:
        parent = places.get(one["parent_id"])
        if parent is None or any(inner is parent for inner in walk(one)):
            segments.append(one)  # what it is part of has not come (yet)
            continue
        own = {name: value for name, value in one.items() if name not in ("type", "trace_id", "parent_id")}
        places.update((inner["id"], inner) for inner in (own,))
        rest = [inner for inner in parent.get("subsegments") or () if inner["id"] != one["id"]]
        parent["subsegments"] = _in_order([*rest, own])
    return segments


def _flattened(segment: Document) -> Document:
    """It, with what is nested too deeply at the deepest level that a document may have."""
    level = [segment]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in one.get("subsegments") or ()]
    for one in level:
        within = [inner for inner in walk(one) if inner is not one]
        if within:
            one["subsegments"] = [{**inner, "subsegments": []} for inner in within]
    return segment


def _in_order(parts: Iterable[Document]) -> list[Document]:
    return sorted(parts, key=lambda one: one["start_time"])


def _inferred(segments: list[Document]) -> list[Document]:
    """What was called and has sent no segment itself."""
    known = {one.get("parent_id") for one in segments}
    found = []
    for segment in segments:
        for call in walk(segment):
            if call is not segment and call.get("namespace") in ("aws", "remote") and call["id"] not in known:
                found.append(_inferred_of(call, segment["trace_id"]))
    return found


def _inferred_of(call: Document, trace_id: str) -> Document:
    kept = {name: value for name, value in call.items() if name not in _OF_CALLS}
    own = {
        "id": trace.lasting_id(call["id"], 1),
        "trace_id": trace_id,
        "parent_id": call["id"],
        "inferred": True,
        "origin": origin_of(call),
    }
    return kept | own


def origin_of(call: Document) -> str:
    """What kind of thing a subsegment calls."""
    if call.get("sql") is not None:
        return f"Database::{part(call, 'sql', 'database_type') or 'SQL'}"
    if call.get("namespace") == "remote":
        return "remote"
    name = str(call["name"])
    return ORIGINS.get(name.lower(), f"AWS::{name}")
