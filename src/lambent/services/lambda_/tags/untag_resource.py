"""UntagResource."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.tags.tagging import change_tags


async def untag_resource(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Remove tags by key; a key that is not there is no error."""
    gone = set(params["TagKeys"])

    def change(tags: dict[str, str]) -> dict[str, str]:
        return {key: value for key, value in tags.items() if key not in gone}

    await change_tags(env, caller.scope, params["Resource"], change)
    return {}
