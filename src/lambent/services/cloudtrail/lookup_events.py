"""https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambent.model.scope import Caller
from lambent.wire.fault import Fault
from lambent.wire.http import Request

MOST = 50


def username(one: Mapping[str, Any]) -> str:
    """The name of a user or session."""
    arn: str = one["userIdentity"]["arn"]
    return arn.rpartition("/")[2] if "/" in arn else "root"


_READ: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "EventId": lambda one: one["eventID"],
    "EventName": lambda one: one["eventName"],
    "EventSource": lambda one: one["eventSource"],
    "ReadOnly": lambda one: str(one["readOnly"]).lower(),
    "AccessKeyId": lambda one: one["userIdentity"].get("accessKeyId", ""),
    "Username": username,
}
"""Attribute -> how a record says it."""


@dataclass(frozen=True, slots=True)
class TrailEnv:
    """`records` answers an account's records of calls, the newest first."""

    records: Callable[[str], Iterable[Mapping[str, Any]]]


def takes(request: Request) -> bool:
    """Whether it is this operation."""
    return request.headers.get("x-amz-target", "").endswith(".LookupEvents")


async def lookup_events(env: TrailEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The calls of the caller's account and region that fit. Raises Fault for attributes that records lack."""
    wanted = [(one["AttributeKey"], one["AttributeValue"]) for one in params.get("LookupAttributes", ())]
    if unknown := [name for name, _ in wanted if name not in _READ]:
        raise Fault("NotImplementedException", f"Lambent does not look up {unknown[0]} yet.", status=501)
    start = int(params.get("NextToken") or 0) if str(params.get("NextToken") or 0).isdigit() else 0
    most = params.get("MaxResults", MOST)
    found = [one for one in env.records(caller.scope.account) if _fits(one, caller, params, wanted)]
    more = {"NextToken": str(start + most)} if len(found) > start + most else {}
    return {"Events": [_event(one) for one in found[start : start + most]]} | more


def _fits(one: Mapping[str, Any], caller: Caller, params: Mapping[str, Any], wanted: list[tuple[str, str]]) -> bool:
    at = _time(one)
    if one["awsRegion"] != caller.scope.region:
        return False
    if (params.get("StartTime") and at < params["StartTime"]) or (params.get("EndTime") and at > params["EndTime"]):
        return False
    return all(_READ[name](one) == value for name, value in wanted)


def _time(one: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(one["eventTime"])


def _event(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "EventId": one["eventID"],
        "EventName": one["eventName"],
        "ReadOnly": str(one["readOnly"]).lower(),
        "AccessKeyId": one["userIdentity"].get("accessKeyId", ""),
        "EventTime": _time(one),
        "EventSource": one["eventSource"],
        "Username": username(one),
        "Resources": [],
        "CloudTrailEvent": json.dumps(one),
    }
