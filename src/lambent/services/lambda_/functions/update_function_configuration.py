"""UpdateFunctionConfiguration."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import refused_settings
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import code, configuration, images, references
from lambent.services.lambda_.functions.updating import changeable, put_change, updating
from lambent.services.lambda_.layers import layer_lookup
from lambent.services.lambda_.lookup import refer_latest

_KNOWN = configuration.SETTINGS | {"FunctionName", "RevisionId"}


async def update_function_configuration(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers InProgress; what was not sent stays."""
    refer_latest(caller.scope, params["FunctionName"])
    refused_settings.refuse(params, _KNOWN)
    configuration.check(params, env.limits)
    layer_lookup.check_named(env, caller, params.get("Layers") or ())
    if params.get("Runtime"):
        env.check_runtime(params["Runtime"])
    record = changeable(env, caller, params)
    if images.is_image(record.configuration):
        images.check_settings(params)
    else:
        images.check_no_config(params)
    found = await references.look_up(env, caller, params)
    said = configuration.apply(record.configuration, params, found, record.scope.region)
    configuration.check_whole(said, env.architecture)
    said = configuration.modified(said, env.clock())
    layers = record.layers if found.layers is None else tuple(use.digest for use in found.layers)
    with code.holding(env, found.layers):
        await layer_lookup.check_size(env, record.code, layers)
        if found.layers:
            signing = code_signing.config_of(env, record.scope, record.name)
            code_signing.check_deployment(env, record, signing, layers)
        changed = updating(env, record, layers=layers, configuration=said)
        return configuration.answer(await put_change(env, caller, record, changed))
