"""ListTagsForResource."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import worded
from lambent.services.logs.names import from_identifier


async def list_tags_for_resource(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of a group; empty if it has none."""
    with worded():
        return {"tags": env.store.group(caller.scope, from_identifier(caller.scope, params["resourceArn"])).tags}
