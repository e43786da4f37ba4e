"""PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration and DeleteBucketLifecycle.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html; texts of errors as far
as they are not documented are our wording.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from lambent.engine import lifecycle
from lambent.model.finding import Finding
from lambent.model.scope import Caller
from lambent.objects import errors
from lambent.objects.errors import ObjectError
from lambent.services.s3.env import Call
from lambent.services.s3.settings import LIFECYCLE

MOST_RULES = 1_000
TRANSITIONS = ("Transitions", "NoncurrentVersionTransitions")
ACTIONS = ("Expiration", "NoncurrentVersionExpiration", "AbortIncompleteMultipartUpload", *TRANSITIONS)
DAYS = {"Expiration": "Days", "NoncurrentVersionExpiration": "NoncurrentDays"}
ABORT = "AbortIncompleteMultipartUpload"
SMALLEST, USUAL = "TransitionDefaultMinimumObjectSize", "all_storage_classes_128K"
"""Which objects are too small to be moved, unless a rule says: told with every answer since September 2024."""


async def put_lifecycle(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Rules that are carried out from the next midnight on; their transitions are not, which is a finding."""
    rules = (params.get("LifecycleConfiguration") or {}).get("Rules") or []
    if not 1 <= len(rules) <= MOST_RULES:
        raise errors.malformed()
    for rule in rules:
        _check(rule)
    named = [{**rule, "ID": rule.get("ID") or secrets.token_urlsafe(36)} for rule in rules]
    if len({rule["ID"] for rule in named}) != len(named):
        raise errors.invalid("Rule ID must be unique. Found same ID for more than one rule")
    kept = {"Rules": named, SMALLEST: params.get(SMALLEST) or USUAL}
    await LIFECYCLE.put(call, caller, {**params, "LifecycleConfiguration": kept})
    call.env.arm_lifecycle()
    if any(rule.get(name) for rule in named for name in TRANSITIONS):
        call.env.report(_unmoved(params["Bucket"]))
    return {SMALLEST: kept[SMALLEST]}


def _unmoved(bucket: str) -> Finding:
    message = "Rules that move objects to another storage class are stored and not carried out: objects keep theirs."
    hint = "On AWS an object in GLACIER or DEEP_ARCHIVE can't be read before it was restored."
    return Finding("s3-lifecycle-transition", f"arn:aws:s3:::{bucket}", message, hint)


async def get_lifecycle(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The rules. Raises ObjectError when there are none."""
    said = await LIFECYCLE.get(call, caller, params)
    return {"Rules": [_told(rule) for rule in said["Rules"]], SMALLEST: said.get(SMALLEST) or USUAL}


def _told(rule: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(rule)
    if rule.get("Expiration"):
        told["Expiration"] = _dated(rule["Expiration"])
    if rule.get("Transitions"):
        told["Transitions"] = [_dated(one) for one in rule["Transitions"]]
    return told


def _dated(said: Mapping[str, Any]) -> dict[str, Any]:
    return {**said, "Date": datetime.fromisoformat(said["Date"])} if said.get("Date") else dict(said)


def _check(rule: Mapping[str, Any]) -> None:
    """Raises ObjectError for a rule that is none."""
    if rule.get("Status") not in ("Enabled", "Disabled") or (rule.get("Filter") is None) == (
        rule.get("Prefix") is None
    ):
        raise errors.malformed()
    if len(rule.get("ID") or "") > 255:
        raise errors.invalid("ID length should not exceed allowed limit of 255")
    if not any(rule.get(action) for action in ACTIONS):
        raise errors.invalid_request("At least one action needs to be specified in a rule.")
    for action, member in DAYS.items():
        days = (rule.get(action) or {}).get(member)
        if days is not None and days <= 0:
            raise errors.invalid(f"'{member}' for {action} action must be a positive integer")
    if any(one.get("NoncurrentDays") is None for one in rule.get("NoncurrentVersionTransitions") or ()):
        raise errors.malformed()
    _check_expiration(rule.get("Expiration") or {})
    for transition in rule.get("Transitions") or ():
        _check_date(transition)
    _check_more(rule)


def _check_expiration(said: Mapping[str, Any]) -> None:
    if said and sum(said.get(name) is not None for name in ("Days", "Date", "ExpiredObjectDeleteMarker")) != 1:
        raise errors.malformed()
    _check_date(said)


def _check_date(said: Mapping[str, Any]) -> None:
    moment = said.get("Date")
    if moment is not None and moment.timestamp() % lifecycle.DAY:
        raise errors.invalid("'Date' must be at midnight GMT")


def _check_more(rule: Mapping[str, Any]) -> None:
    tagged = bool(lifecycle.filter_of(rule).tags)
    if tagged and rule.get(ABORT):
        raise errors.invalid_request(f"{ABORT} cannot be specified with Tags.")
    if tagged and (rule.get("Expiration") or {}).get("ExpiredObjectDeleteMarker"):
        raise errors.invalid_request("ExpiredObjectDeleteMarker cannot be specified with Tags.")
    if rule.get(ABORT) and (rule[ABORT].get("DaysAfterInitiation") or 0) <= 0:
        text = f"'DaysAfterInitiation' for {ABORT} action must be a positive integer"
        raise ObjectError("InvalidArgument", text)
    said = rule.get("NoncurrentVersionExpiration")
    if said and not said.get("NoncurrentDays"):
        raise errors.malformed()
    if not all(one.get("StorageClass") for name in TRANSITIONS for one in rule.get(name) or ()):
        raise errors.malformed()
