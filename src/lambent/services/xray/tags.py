"""Tags of groups and sampling rules: TagResource, UntagResource, ListTagsForResource. They stand in the record of what
has them, as `tags`.

Source: https://docs.aws.amazon.com/xray/latest/api/API_TagResource.html (50 of a resource) and its like.
"""

from dataclasses import replace
from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.xray import faults
from lambent.services.xray.env import XRayEnv
from lambent.store.resources import Resource

GROUP, RULE = "xray/group", "xray/sampling-rule"
"""The kinds of records that have tags."""
MOST = 50


def given(params: dict[str, Any]) -> dict[str, str]:
    """The tags of a request. Raises Fault."""
    tags = {one["Key"]: one["Value"] for one in params.get("Tags") or ()}
    if len(tags) > MOST:
        raise faults.too_many_tags(MOST)
    return tags


async def tag_resource(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Add tags, or change their values."""
    found = _find(env, caller.scope, params["ResourceARN"])
    await _keep(env, found, found.document.get("tags", {}) | given(params))
    return {}


async def untag_resource(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags."""
    found = _find(env, caller.scope, params["ResourceARN"])
    there = found.document.get("tags", {})
    await _keep(env, found, {key: value for key, value in there.items() if key not in params["TagKeys"]})
    return {}


async def list_tags_for_resource(env: XRayEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All of them, on one page."""
    tags = _find(env, caller.scope, params["ResourceARN"]).document.get("tags", {})
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())]}


async def _keep(env: XRayEnv, found: Resource, tags: dict[str, str]) -> None:
    if len(tags) > MOST:
        raise faults.too_many_tags(MOST)
    await env.resources.put(replace(found, document={**found.document, "tags": tags}))


def _find(env: XRayEnv, scope: Scope, arn: str) -> Resource:
    """The group or rule of an ARN. Raises Fault."""
    for one in (*env.resources.all(GROUP, scope), *env.resources.all(RULE, scope)):
        if arn in (one.document.get("GroupARN"), one.document.get("rule", {}).get("RuleARN")):
            return one
    raise faults.no_resource(arn)
