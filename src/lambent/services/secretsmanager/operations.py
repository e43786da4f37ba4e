"""RotateSecret, CancelRotateSecret, and what DescribeSecret tells of both; batches; everything else is the neighbour's.

Sources: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html,
https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html; texts as callers of AWS have reported
them, where no comment says otherwise.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from lambent.engine.rotation import ROTATION, next_rotation
from lambent.engine.schedule import Invalid
from lambent.model.scope import Caller
from lambent.services.secretsmanager.batches import batch_get_secret_value
from lambent.services.secretsmanager.env import SecretsEnv
from lambent.store.resources import Resource
from lambent.wire.fault import Fault
from lambent.wire.http import Request

CANNOT_CALL = (
    "Secrets Manager cannot invoke the specified Lambda function. "
    "Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com."
)
NO_FUNCTION = "No Lambda rotation function ARN is associated with this secret."
UNDER_WAY = "A previous rotation isn't complete. That rotation will be reattempted."
PENDING = "AWSPENDING"

EXTERNAL = "Lambent does not support secrets of other vendors with secretsmanager:RotateSecret yet."
"""What its parameters are for: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html"""


async def rotate_secret(env: SecretsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Rotate now (unless RotateImmediately is false), and from now on by the rules. Answers before that is over."""
    if params.get("ExternalSecretRotationMetadata") or params.get("ExternalSecretRotationRoleArn"):
        raise Fault("NotImplementedException", EXTERNAL, status=501)
    secret = await env.ask(caller, "DescribeSecret", {"SecretId": params["SecretId"]})
    there = env.resources.get(ROTATION, caller.scope, "", secret["ARN"])
    said = there.document if there is not None else {"rules": {}, "lambda": "", "last": None, "pending": ""}
    function, rules = params.get("RotationLambdaARN") or said["lambda"], params.get("RotationRules") or said["rules"]
    if not function:
        raise Fault("InvalidRequestException", NO_FUNCTION)
    if said["pending"]:
        raise Fault("InvalidRequestException", UNDER_WAY)
    following = _next(rules, env.clock())
    if not await env.may_call(caller, secret["ARN"], function):
        raise Fault("AccessDeniedException", CANNOT_CALL)
    token = params.get("ClientRequestToken") or env.new_id()
    pending = token if params.get("RotateImmediately", True) else ""
    document = {**said, "rules": rules, "lambda": function, "enabled": True, "pending": pending, "next": following}
    rotation = Resource(ROTATION, caller.scope, "", secret["ARN"], env.new_id(), document)
    await env.resources.put(rotation)
    env.rotations.take(rotation)
    return {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": token}


async def cancel_rotate_secret(env: SecretsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """No more rotations; one that is under way is not taken back."""
    secret = await env.ask(caller, "DescribeSecret", {"SecretId": params["SecretId"]})
    there = env.resources.get(ROTATION, caller.scope, "", secret["ARN"])
    if there is not None:
        document = {**there.document, "enabled": False, "pending": "", "next": None}
        rotation = there.changed(env.new_id(), document)
        await env.resources.put(rotation)
        env.rotations.take(rotation)
    return {"ARN": secret["ARN"], "Name": secret["Name"]}


async def describe_secret(env: SecretsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """What the neighbour says of a secret, and its rotation."""
    secret = await env.ask(caller, "DescribeSecret", params)
    there = env.resources.get(ROTATION, caller.scope, "", secret["ARN"])
    return secret if there is None else {**secret, **_shown(secret, there.document)}


def _next(rules: Mapping[str, Any], now: float) -> float | None:
    """Wordings of ours."""
    if rules.get("AutomaticallyAfterDays") and rules.get("ScheduleExpression"):
        text = "You can specify AutomaticallyAfterDays or ScheduleExpression, not both."
        raise Fault("InvalidParameterException", text)
    try:
        return next_rotation(rules, now)
    except Invalid:
        raise Fault("InvalidParameterException", f"Invalid ScheduleExpression: {rules['ScheduleExpression']}") from None


def _shown(secret: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"RotationEnabled": said["enabled"], "RotationLambdaARN": said["lambda"]}
    shown |= {"RotationRules": said["rules"]} if said["rules"] else {}
    times = {"LastRotatedDate": said["last"], "NextRotationDate": said["next"]}
    shown |= {name: datetime.fromtimestamp(at, UTC) for name, at in times.items() if at is not None}
    versions = dict(secret.get("VersionIdsToStages") or {})
    if said["pending"] and said["pending"] not in versions:  # AWS labels it before the function has made it
        versions[said["pending"]] = [PENDING]
    return {**shown, "VersionIdsToStages": versions}


Operation = Callable[[SecretsEnv, Caller, dict[str, Any]], Awaitable[dict[str, Any]]]

OPERATIONS: dict[str, Operation] = {
    "BatchGetSecretValue": batch_get_secret_value,
    "CancelRotateSecret": cancel_rotate_secret,
    "DescribeSecret": describe_secret,
    "RotateSecret": rotate_secret,
}


def takes(request: Request) -> bool:
    """Whether a request is answered here."""
    return request.headers.get("x-amz-target", "").rpartition(".")[2] in OPERATIONS
