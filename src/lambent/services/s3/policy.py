"""PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy, GetBucketPolicyStatus."""

from collections.abc import Mapping
from typing import Any

import orjson

from lambent.engine.authorisation import checking
from lambent.engine.authorisation.checking import Fault
from lambent.engine.authorisation.document import listed, texts
from lambent.model.answer import Answer
from lambent.model.scope import Caller
from lambent.objects import errors
from lambent.objects.errors import ObjectError
from lambent.permissions import reference
from lambent.services.s3 import bodies
from lambent.services.s3.env import Call

MOST_BYTES = 20 << 10


async def put_policy(call: Call, caller: Caller, params: dict[str, Any]) -> Answer:
    """The policy, which counts at once. 204, which the model does not say:
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html (Examples)."""
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
    return Answer({}, {}, 204)


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


KIND = checking.Kind("needed", "needed", plain_sids=False, vendor="s3")
_WORDS = {
    Fault.JSON: "Policies must be valid JSON and the first byte must be '{'",
    Fault.SYNTAX: "Statement is missing required element",
    Fault.VERSION: "The policy must contain a valid version string",
    Fault.EFFECT: "Invalid effect: {about}",
    Fault.NO_ACTION: "Missing required field Action",
    Fault.VENDOR: "Policy has invalid action",
    Fault.COLONS: "Policy has invalid action",
    Fault.ACTION: "Policy has invalid action",
    Fault.NO_PRINCIPAL: "Missing required field Principal",
    Fault.PRINCIPAL: "Invalid principal in policy",
    Fault.NO_RESOURCE: "Missing required field Resource",
    Fault.OPERATOR: "Invalid Condition type : {about}",
}
"""S3's texts, as its callers report them; all that is said of resources is one."""


def _read(said: str, bucket: str) -> dict[str, Any]:
    """Raises ObjectError MalformedPolicy."""
    if not said.lstrip().startswith("{"):
        raise ObjectError("MalformedPolicy", _WORDS[Fault.JSON])
    found = checking.check(said, KIND)
    if found is not None:
        text = _WORDS.get(found.fault, "Policy has invalid resource")
        raise ObjectError("MalformedPolicy", text.replace("{about}", found.about), 400, {"Detail": found.about})
    policy: dict[str, Any] = orjson.loads(said)
    for one in listed(policy["Statement"]):
        _check(one, bucket)
    return policy


def _check(one: Mapping[str, Any], bucket: str) -> None:
    """A statement is about the bucket, and its actions about what it names: the bucket itself, or what is in it."""
    named = texts(one.get("Resource", one.get("NotResource")))
    for resource in named:
        if resource != bucket and not resource.startswith((f"{bucket}/", f"{bucket}*")):
            raise ObjectError("MalformedPolicy", "Policy has invalid resource", 400, {"Detail": resource})
    objects = [one for one in named if one.startswith((f"{bucket}/", f"{bucket}*"))]
    buckets = [one for one in named if "/" not in one]
    for action in texts(one.get("Action")) if "Resource" in one else ():
        of = _kinds(action)
        if of is not None and not ((objects and "object" in of) or (buckets and "bucket" in of)):
            text = "Action does not apply to any resource(s) in statement"
            raise ObjectError("MalformedPolicy", text, 400, {"Detail": action})


def _kinds(action: str) -> frozenset[str] | None:
    """What an action of S3 is about; None for a pattern, which may be about anything. Raises ObjectError for none of
    S3's."""
    name = action.partition(":")[2]
    if "*" in name or "?" in name or action == "*":
        return None
    actions = (reference.service("s3") or {})["actions"]
    known = {one.lower(): kinds for one, kinds in actions.items()}
    if name.lower() not in known:
        raise ObjectError("MalformedPolicy", _WORDS[Fault.ACTION], 400, {"Detail": action})
    return frozenset(known[name.lower()])
