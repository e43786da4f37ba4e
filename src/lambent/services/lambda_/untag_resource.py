"""UntagResource."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.tagging import change_tags, tagged


async def untag_resource(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags by key; a key that is not there is no error."""
    ref = tagged(env, caller.scope, params["Resource"])
    gone = set(params["TagKeys"])
    await change_tags(env, ref, lambda tags: {key: value for key, value in tags.items() if key not in gone})
    return {}
