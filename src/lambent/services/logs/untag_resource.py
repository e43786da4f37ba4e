"""UntagResource."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.logs.env import LogsEnv
from lambent.services.logs.faults import worded
from lambent.services.logs.names import from_identifier


async def untag_resource(env: LogsEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Takes tags off a group; one that it does not have is no error."""
    name = from_identifier(caller.scope, params["resourceArn"])
    with worded():
        held = env.store.group(caller.scope, name).tags
        kept = {key: value for key, value in held.items() if key not in params["tagKeys"]}
        await env.store.set_tags(caller.scope, name, kept)
    return {}
