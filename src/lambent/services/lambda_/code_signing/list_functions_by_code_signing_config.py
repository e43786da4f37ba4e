"""ListFunctionsByCodeSigningConfig."""

from typing import Any

from lambent.model.names import function_arn
from lambent.model.scope import Caller
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.paging import marker_of, page_size, read_marker


async def list_functions_by_code_signing_config(
    env: LambdaEnv, caller: Caller, params: dict[str, Any]
) -> dict[str, Any]:
    """One page of the functions that have a config, by name."""
    config = code_signing.require(env, caller.scope, params["CodeSigningConfigArn"])
    after = (read_marker(params) or ("", ""))[1]
    limit = page_size(params, code_signing.PAGE_MAX)
    names = code_signing.functions_with(env, caller.scope, params["CodeSigningConfigArn"])
    found = [name for name in names if name > after]
    page = {"FunctionArns": [function_arn(caller.scope, name) for name in found[:limit]]}
    return page | ({"NextMarker": marker_of(config.name, found[limit - 1])} if found[limit:] else {})
