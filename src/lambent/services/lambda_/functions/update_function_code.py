"""UpdateFunctionCode."""

from collections.abc import Mapping
from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.functions import code, configuration, images
from lambent.services.lambda_.functions.code import Obtained
from lambent.services.lambda_.functions.updating import changeable, put_and_publish, put_change, updating
from lambent.services.lambda_.layers import layer_lookup
from lambent.services.lambda_.lookup import refer_latest
from lambent.store.record import FunctionRecord

_KNOWN = frozenset({"FunctionName", "RevisionId", "DryRun", "Architectures", "ImageUri", "Publish"})


async def update_function_code(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers InProgress, with Publish the version. With DryRun everything is checked and nothing changed."""
    refer_latest(caller.scope, params["FunctionName"])
    code.refuse_unsupported(params, _KNOWN)
    code.check_source(params)
    record = changeable(env, caller, params)
    images.check_update(record, params)
    async with code.obtain(env, caller, params) as obtained:
        await _check_size(env, record, obtained, publish=bool(params.get("Publish")))
        signing = code_signing.config_of(env, record.scope, record.name)
        code_signing.check_deployment(env, record, signing, [obtained.digest])
        said = _said(record, params, obtained)
        configuration.check_whole(said, env.architecture)
        if params.get("DryRun"):
            return said | {"FunctionArn": record.running.arn}
        said = configuration.modified(said, env.clock())
        changed = updating(env, record, code=obtained.digest, image=obtained.image, configuration=said)
        if not params.get("Publish"):
            return configuration.answer(await put_change(env, caller, record, changed))
        version = await put_and_publish(env, caller, record, changed)
        return configuration.answer(version, version.version)


def _said(record: FunctionRecord, params: Mapping[str, Any], obtained: Obtained) -> dict[str, Any]:
    said = record.configuration | obtained.members
    if not params.get("Architectures"):
        return said
    return configuration.with_architectures(said, params["Architectures"], record.scope.region)


async def _check_size(env: LambdaEnv, record: FunctionRecord, obtained: Obtained, *, publish: bool) -> None:
    size = obtained.members["CodeSize"]
    added = size - record.configuration["CodeSize"] + (size if publish else 0)
    code.check_storage(env, record.scope, added)
    await layer_lookup.check_size(env, obtained.digest, record.layers)
