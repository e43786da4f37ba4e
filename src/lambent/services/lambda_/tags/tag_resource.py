"""TagResource."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions.configuration import check_tags
from lambent.services.lambda_.tags.tagging import change_tags


async def tag_resource(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Add tags, or give them other values."""

    def change(tags: dict[str, str]) -> dict[str, str]:
        more = {**tags, **params["Tags"]}
        check_tags(params["Tags"], env.limits, caller.own)
        check_tags(more, env.limits, own=True)
        return more

    await change_tags(env, caller.scope, params["Resource"], change)
    return {}
