"""UpdateFunctionCode."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import code, configuration, faults, unsupported
from lambent.services.lambda_.changing import changeable, put_change
from lambent.services.lambda_.env import LambdaEnv

_KNOWN = frozenset({"FunctionName", "RevisionId", "DryRun", "Architectures", "ImageUri"})


async def update_function_code(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers InProgress. With DryRun everything is checked and nothing changed."""
    record = changeable(env, caller, params)
    code.refuse_unsupported(params, _KNOWN)
    unsupported.refuse_architecture(params, env.architecture)
    if params.get("ImageUri"):
        raise faults.invalid("Please don't provide ImageUri when updating a function with packageType Zip.")
    data = await code.fetch(env, caller, params)
    async with code.keep(env, data) as blob:
        code.check_storage(env, record.scope, blob.size - record.configuration["CodeSize"])
        said = configuration.with_code(record.configuration, blob)
        if params.get("DryRun"):
            return said | {"FunctionArn": record.running.arn}
        said = configuration.modified(said, env.clock())
        return configuration.answer(await put_change(env, record, said, blob.digest))
