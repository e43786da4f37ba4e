"""ListCodeSigningConfigs."""

from typing import Any

from lambent.model.scope import Caller
from lambent.services.lambda_.code_signing import code_signing
from lambent.services.lambda_.env import LambdaEnv
from lambent.services.lambda_.paging import marker_of, page_size, read_marker


async def list_code_signing_configs(env: LambdaEnv, caller: Caller, params: dict[str, Any]) -> dict[str, Any]:
    """One page, by id."""
    limit = page_size(params, code_signing.PAGE_MAX)
    found = env.resources.page(code_signing.KIND, caller.scope, read_marker(params), limit + 1)
    page = {"CodeSigningConfigs": [code_signing.shown(config) for config in found[:limit]]}
    return page | ({"NextMarker": marker_of("", found[limit - 1].name)} if found[limit:] else {})
