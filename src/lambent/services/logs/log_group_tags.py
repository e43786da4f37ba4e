"""TagLogGroup, UntagLogGroup and ListTagsLogGroup: how tags were asked for before TagResource, and still may be."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.list_tags_for_resource import list_tags_for_resource
from lambent.services.logs.tag_resource import tag_resource
from lambent.services.logs.untag_resource import untag_resource


async def tag_log_group(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Adds tags to a group, or gives those that it has a new value."""
    return await tag_resource(env, caller, {"resourceArn": params["logGroupName"], "tags": params["tags"]})


async def untag_log_group(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Takes tags off a group; one that it does not have is no error."""
    return await untag_resource(env, caller, {"resourceArn": params["logGroupName"], "tagKeys": params["tags"]})


async def list_tags_log_group(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of a group; empty if it has none."""
    return await list_tags_for_resource(env, caller, {"resourceArn": params["logGroupName"]})
