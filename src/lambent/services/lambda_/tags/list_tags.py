"""ListTags."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.tags.tagging import tags_of


async def list_tags(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """The tags of a function, an event source mapping or a code signing config; empty if it has none."""
    return {"Tags": tags_of(env, caller.scope, params["Resource"])}
