"""Tags of applications and groups, by ARN."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.codedeploy import faults
from lambent.services.codedeploy.env import APPLICATION, GROUP, CodeDeployEnv
from lambent.store.resources import Resource


def _resource(env: CodeDeployEnv, caller: Caller, arn: str) -> Resource:
    """`arn:aws:codedeploy:REGION:ACCOUNT:application:NAME`, or `…:deploymentgroup:APPLICATION/NAME`."""
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[5] not in ("application", "deploymentgroup"):
        raise faults.invalid("Arn", f"The specified ARN is not valid: {arn}")
    if parts[5] == "application":
        return env.find(APPLICATION, caller.scope, parts[6])
    application, _, name = parts[6].partition("/")
    return env.find(GROUP, caller.scope, name, application)


async def tag_resource(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """TagResource."""
    new = {one["Key"]: one for one in params["Tags"]}
    return await _retag(env, caller, params, lambda tags: {**tags, **new})


async def untag_resource(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """UntagResource."""
    gone = set(params["TagKeys"])
    return await _retag(env, caller, params, lambda tags: {key: one for key, one in tags.items() if key not in gone})


async def _retag(env: CodeDeployEnv, caller: Caller, params: dict[str, Any], change: Any) -> dict[str, Any]:
    found = _resource(env, caller, params["ResourceArn"])
    tags = change({one["Key"]: one for one in found.document.get("tags", [])})
    document = {**found.document, "tags": list(tags.values())}
    await env.put(found.kind, found.scope, found.name, document, found.parent)
    return {}


async def list_tags_for_resource(env: CodeDeployEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"Tags": _resource(env, caller, params["ResourceArn"]).document.get("tags", [])}
