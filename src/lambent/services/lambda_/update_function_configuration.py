"""UpdateFunctionConfiguration."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_ import configuration, unsupported
from lambent.services.lambda_.changing import changeable, put_change
from lambent.services.lambda_.env import LambdaEnv

_KNOWN = configuration.SETTINGS | {"FunctionName", "RevisionId"}


async def update_function_configuration(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """Answers InProgress; what was not sent stays."""
    record = changeable(env, caller, params)
    unsupported.refuse(params, _KNOWN)
    if "Runtime" in params:
        env.check_runtime(params["Runtime"])
    configuration.check(params, env.limits)
    said = configuration.apply(record.configuration, params, record.scope.region)
    said = configuration.modified(said, env.clock())
    return configuration.answer(await put_change(env, record, said, record.code))
