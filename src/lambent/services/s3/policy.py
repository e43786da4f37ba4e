"""PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus."""

from typing import Any

import orjson

from lambent.model.scope import Caller
from lambent.objects import errors
from lambent.objects.errors import ObjectError
from lambent.services.s3 import bodies
from lambent.services.s3.env import Call

MOST_BYTES = 20 << 10


async def put_policy(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The policy, which counts at once."""
    bucket = call.bucket(caller, params, "s3:PutBucketPolicy")
    bodies.check_document(call)
    said = params.get("Policy") or ""
    if len(said) > MOST_BYTES:
        raise ObjectError("PolicyTooLarge", "Policy exceeds the maximum allowed document size.")
    policy = _read(said, bucket.arn)
    if is_public(policy) and (bucket.settings.get("PublicAccessBlock") or {}).get("BlockPublicPolicy"):
        who = caller.role or f"arn:aws:iam::{caller.scope.account}:root"
        text = (
            f'User: {who} is not authorized to perform: s3:PutBucketPolicy on resource: "{bucket.arn}" because public '
            "policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        )
        raise errors.denied(text)
    await call.env.registry.put(bucket, "Policy", policy)
    await call.env.registry.put(bucket, "PolicyText", said)
    return {}


async def get_policy(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The policy as it was put."""
    bucket = call.bucket(caller, params, "s3:GetBucketPolicy")
    said = bucket.settings.get("PolicyText")
    if said is None:
        raise errors.no_configuration("NoSuchBucketPolicy", "The bucket policy does not exist", bucket.name)
    return {"Policy": said}


async def delete_policy(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Take it away."""
    bucket = call.bucket(caller, params, "s3:DeleteBucketPolicy")
    await call.env.registry.put(bucket, "Policy", None)
    await call.env.registry.put(bucket, "PolicyText", None)
    return {}


async def get_policy_status(call: Call, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Whether it makes the bucket public."""
    bucket = call.bucket(caller, params, "s3:GetBucketPolicyStatus")
    policy = bucket.settings.get("Policy")
    if policy is None:
        raise errors.no_configuration("NoSuchBucketPolicy", "The bucket policy does not exist", bucket.name)
    return {"PolicyStatus": {"IsPublic": is_public(policy)}}


def is_public(policy: dict[str, Any]) -> bool:
    """Whether a statement without conditions allows anybody something."""
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    return any(
        one.get("Effect") == "Allow" and not one.get("Condition") and one.get("Principal") in PUBLIC
        for one in statements
    )


PUBLIC: tuple[Any, ...] = ("*", {"AWS": "*"}, {"AWS": ["*"]})


def _read(said: str, arn: str) -> dict[str, Any]:
    """Raises ObjectError MalformedPolicy."""
    try:
        policy = orjson.loads(said)
    except orjson.JSONDecodeError:
        policy = None
    if not isinstance(policy, dict) or not policy.get("Statement"):
        text = "This policy contains invalid Json" if policy is None else "Missing required field Statement"
        raise ObjectError("MalformedPolicy", text)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    for one in statements:
        _check(one, arn)
    return policy


def _check(one: Any, arn: str) -> None:
    if not isinstance(one, dict):
        raise ObjectError("MalformedPolicy", "This policy contains invalid Json")
    if one.get("Effect") not in ("Allow", "Deny"):
        raise ObjectError("MalformedPolicy", f"Invalid effect: {one.get('Effect')}")
    for first, second in (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")):
        if first not in one and second not in one:
            raise ObjectError("MalformedPolicy", f"Missing required field {first}")
    named = one.get("Resource", one.get("NotResource"))
    for resource in named if isinstance(named, list) else [named]:
        if resource != "*" and not (str(resource) == arn or str(resource).startswith((f"{arn}/", f"{arn}*"))):
            raise ObjectError("MalformedPolicy", "Policy has invalid resource", 400, {"Detail": resource})
