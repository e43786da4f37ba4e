"""ListTags."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.tagging import tagged


async def list_tags(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of a function; empty if it has none."""
    ref = tagged(env, caller.scope, params["Resource"])
    return {"Tags": env.functions.tags(ref.scope, ref.name)}
