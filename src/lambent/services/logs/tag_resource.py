"""TagResource."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import worded
from lambent.services.logs.names import from_identifier
from lambent.wire.fault import Fault

MOST = 50


async def tag_resource(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Adds tags to a group, or gives those that it has a new value."""
    name = from_identifier(caller.scope, params["resourceArn"])
    with worded():
        tags = env.store.group(caller.scope, name).tags | params["tags"]
        if len(tags) > MOST:
            raise Fault("TooManyTagsException", f"A log group can have {MOST} tags at most.")
        await env.store.set_tags(caller.scope, name, tags)
    return {}
