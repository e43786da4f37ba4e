"""Tags of alarms and dashboards: TagResource, UntagResource, ListTagsForResource."""

from typing import Any

from lambent.model.scope import Caller, Scope
from lambent.services.cloudwatch import faults
from lambent.services.cloudwatch.env import CloudWatchEnv
from lambent.store.resources import Resource
from lambent.wire.fault import Fault

KIND = "cloudwatch/tags"
MOST = 50
TAGGABLE = {"alarm": ("cloudwatch/alarm", ":"), "dashboard": ("cloudwatch/dashboard", "/")}
"""What has tags: its kind, and what stands before its name in an ARN."""


def resource(env: CloudWatchEnv, scope: Scope, arn: str) -> Resource | None:
    """The tags of an ARN, None for none."""
    parent, name = _place(arn)
    return env.resources.get(KIND, scope, parent, name)


def _place(arn: str) -> tuple[str, str]:
    what = arn.split(":", 5)[5] if arn.count(":") >= 5 else ""
    for kind, (_, sign) in TAGGABLE.items():
        if what.startswith(kind + sign):
            return kind, what[len(kind) + 1 :]
    return "", ""


def _checked(env: CloudWatchEnv, scope: Scope, arn: str) -> dict[str, str]:
    """The tags of something that is there. Raises Fault."""
    kind, name = _place(arn)
    if not kind or env.resources.get(TAGGABLE[kind][0], scope, "", name) is None:
        members = {"ResourceType": kind or "unknown", "ResourceId": name or arn}
        raise Fault("ResourceNotFoundException", f"The resource {arn} does not exist.", members=members)
    found = resource(env, scope, arn)
    return dict(found.document["tags"]) if found is not None else {}


async def _keep(env: CloudWatchEnv, scope: Scope, arn: str, tags: dict[str, str]) -> None:
    if len(tags) > MOST:
        raise faults.value(f"The number of tags must not be greater than {MOST}.")  # our wording
    parent, name = _place(arn)
    await env.resources.put(Resource(KIND, scope, parent, name, env.new_id(), {"tags": tags}))


async def on_creation(env: CloudWatchEnv, caller: Caller, arn: str, params: dict[str, Any]) -> None:
    """The tags that something was made with; on what is there already they have no effect, as on AWS."""
    given = {one["Key"]: one["Value"] for one in params.get("Tags") or ()}
    if given and resource(env, caller.scope, arn) is None:
        await _keep(env, caller.scope, arn, given)


async def tag_resource(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Add tags, or change their values."""
    there = _checked(env, caller.scope, params["ResourceARN"])
    given = {one["Key"]: one["Value"] for one in params["Tags"]}
    await _keep(env, caller.scope, params["ResourceARN"], there | given)
    return {}


async def untag_resource(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags."""
    there = _checked(env, caller.scope, params["ResourceARN"])
    left = {key: value for key, value in there.items() if key not in params["TagKeys"]}
    await _keep(env, caller.scope, params["ResourceARN"], left)
    return {}


async def list_tags_for_resource(env: CloudWatchEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """All of them."""
    there = _checked(env, caller.scope, params["ResourceARN"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in sorted(there.items())]}
