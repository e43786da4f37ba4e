"""CreateCodeSigningConfig."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions.configuration import check_tags
from lambent.store.resources import Resource


async def create_code_signing_config(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Make a config; its policy is Warn unless said otherwise."""
    tags = dict(params.get("Tags") or {})
    check_tags(tags, env.limits, caller.own)
    config_id = code_signing.new_id(env.new_id())
    named = {
        "CodeSigningConfigId": config_id,
        "CodeSigningConfigArn": code_signing.arn_of(caller.scope, config_id),
    }
    document = {"shown": code_signing.applied(named, params, env.clock()), "tags": tags}
    config = Resource(code_signing.KIND, caller.scope, "", config_id, env.new_id(), document)
    await env.resources.insert(config)
    return {"CodeSigningConfig": code_signing.shown(config)}
