"""Whether a form that uploads an object is what its policy says.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

UNNAMED = frozenset({"x-amz-signature", "file", "policy", "awsaccesskeyid", "signature"})
"""Fields that a policy needs not name."""
IGNORED = "x-ignore-"
DATE = "%Y-%m-%dT%H:%M:%S"
"""ISO 8601 in UTC, with or without milliseconds."""
SIMPLE = "Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
INVALID, FAILED = "Invalid Policy", "Invalid according to Policy"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`invalid`: the policy itself is wrong (InvalidPolicyDocument), not what is asked for (AccessDenied)."""

    text: str
    invalid: bool = False


@dataclass(frozen=True, slots=True)
class Range:
    """How many bytes the file may have."""

    least: int
    most: int


def decide(document: bytes, fields: Mapping[str, str], bucket: str, now: float) -> Refusal | Range | None:
    """Refused, or the range that its file is to keep to. `fields` by lower-case name, `now` in seconds since 1970."""
    try:
        policy = orjson.loads(document)
    except orjson.JSONDecodeError:
        return Refusal(f"{INVALID}: Invalid JSON.", invalid=True)
    if not isinstance(policy, dict) or not isinstance(policy.get("conditions"), list):
        return Refusal(f"{INVALID}: Policy missing conditions.", invalid=True)
    try:
        ends = datetime.strptime(str(policy.get("expiration")).partition(".")[0].rstrip("Z"), DATE).replace(tzinfo=UTC)
    except ValueError:
        return Refusal(f"{INVALID}: Invalid 'expiration' value: '{policy.get('expiration')}'", invalid=True)
    if ends.timestamp() <= now:
        return Refusal(f"{FAILED}: Policy expired.")
    try:
        return _conditions(policy["conditions"], {**fields, "bucket": bucket}, set(fields))
    except (TypeError, ValueError, LookupError):
        if {} in policy["conditions"]:
            return Refusal(f"{INVALID}: {SIMPLE}", invalid=True)
        return Refusal(f"{INVALID}: Invalid Condition", invalid=True)


def _conditions(said: list[Any], values: Mapping[str, str], given: set[str]) -> Refusal | Range | None:
    allowed: Range | None = None
    named = {"bucket"}
    for operator, name, value in _each(said):
        if operator == "content-length-range":
            allowed = Range(int(name), int(value))
            continue
        named.add(name)
        if not _holds(operator, values.get(name, ""), value):
            shown = orjson.dumps([operator, f"${name}", value]).decode().replace(",", ", ")
            return Refusal(f"{FAILED}: Policy Condition failed: {shown}")
    extra = sorted(one for one in given - named - UNNAMED if not one.startswith(IGNORED))
    return Refusal(f"{FAILED}: Extra input fields: {', '.join(extra)}") if extra else allowed


def _each(said: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    """Operator, field and value. Raises ValueError, LookupError, TypeError."""
    for one in said:
        if isinstance(one, dict) and one:
            yield from (("eq", str(name).lower(), str(value)) for name, value in one.items())
        elif str(one[0]).lower() == "content-length-range":
            yield "content-length-range", one[1], one[2]
        elif str(one[0]).lower() in ("eq", "starts-with") and str(one[1]).startswith("$"):
            yield str(one[0]).lower(), str(one[1])[1:].lower(), str(one[2])
        else:
            raise ValueError(one)


def _holds(operator: str, actual: str, value: str) -> bool:
    return actual == value if operator == "eq" else actual.startswith(value)
